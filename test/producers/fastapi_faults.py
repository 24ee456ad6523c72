"""The routes of the example, and some that wait until told, or go wrong."""

import asyncio
import json
from typing import AsyncIterator, Optional

from fastapi import HTTPException, WebSocket
from fastapi.responses import StreamingResponse

from app import app, frames

events: dict[str, asyncio.Event] = {}


def event(name: str) -> asyncio.Event:
    return events.setdefault(name, asyncio.Event())


@app.post("/happen/{name}")
async def happen(name: str) -> None:
    event(name).set()


@app.post("/await/{name}")
async def await_event(name: str) -> None:
    await event(name).wait()


async def gated(name: str) -> AsyncIterator[str]:
    yield "Half"
    await event(name).wait()
    yield " an answer"


async def failing() -> AsyncIterator[str]:
    yield "Half"
    raise RuntimeError("The model is overloaded")


async def endless(name: str) -> AsyncIterator[str]:
    try:
        while True:
            yield "word "
            await asyncio.sleep(0.01)
    finally:
        event(name).set()


def stream(pieces: AsyncIterator[str], headers: Optional[dict] = None) -> StreamingResponse:
    lines = (f"data: {json.dumps(frame)}\n\n" async for frame in frames(pieces))
    return StreamingResponse(lines, media_type="text/event-stream", headers=headers)


@app.post("/gated/{name}")
async def gated_route(name: str) -> StreamingResponse:
    return stream(gated(name))


@app.post("/gated-header/{name}")
async def gated_header_route(name: str) -> StreamingResponse:
    return stream(gated(name), {"X-Accel-Buffering": "no"})


@app.post("/endless/{name}")
async def endless_route(name: str) -> StreamingResponse:
    return stream(endless(name))


@app.post("/error")
async def error_route() -> StreamingResponse:
    return stream(failing())


@app.post("/drop")
async def drop_route() -> StreamingResponse:
    """Uvicorn drops the connection of an answer that raises."""
    lines = (f"data: {json.dumps({'text': piece})}\n\n" async for piece in failing())
    return StreamingResponse(lines, media_type="text/event-stream")


@app.post("/drop-text")
async def drop_text_route() -> StreamingResponse:
    return StreamingResponse(failing(), media_type="text/plain")


@app.post("/end")
async def end_route() -> StreamingResponse:
    return StreamingResponse(iter(['data: {"text": "Half"}\n\n']), media_type="text/event-stream")


@app.post("/sign-in")
async def sign_in_route() -> None:
    raise HTTPException(status_code=401, detail="Not authenticated")


@app.websocket("/close-socket/{code}")
async def close_socket(socket: WebSocket, code: int) -> None:
    await socket.accept()
    await socket.send_json({"text": "Half"})
    await socket.close(code)
