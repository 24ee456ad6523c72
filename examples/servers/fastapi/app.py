"""A chat backend with FastAPI, in the three ways that FastAPI streams.

Run, in this folder: python3 -m uvicorn app:app --port 8788
"""

import asyncio
import json
import logging
from typing import AsyncIterator

from fastapi import FastAPI, WebSocket
from fastapi.responses import StreamingResponse
from pydantic import BaseModel


class Question(BaseModel):
    messages: list[dict]


app = FastAPI()


async def answer(messages: list[dict]) -> AsyncIterator[str]:
    """Stands in for a model."""
    for piece in ["Grüße ", "aus 巴", "黎 👩‍💻: ", messages[-1]["content"], "\n"]:
        yield piece
        await asyncio.sleep(0.02)


async def frames(pieces: AsyncIterator[str]) -> AsyncIterator[dict]:
    """The answer as objects. The last one says that it is whole."""
    count = 0
    try:
        async for piece in pieces:
            count += 1
            yield {"text": piece}
    except Exception:
        # Why is for our own log.
        logging.exception("The answer failed")
        yield {"error": "The model failed."}
    else:
        yield {"done": True, "finishReason": "stop", "usage": {"outputTokens": count}}


@app.post("/chat")
async def chat(question: Question) -> StreamingResponse:
    # The headers keep proxies from collecting frames; the second is nginx's.
    events = (f"data: {json.dumps(frame)}\n\n" async for frame in frames(answer(question.messages)))
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


@app.post("/text")
async def text(question: Question) -> StreamingResponse:
    # Bare text has no word for its end, nor for a failure.
    return StreamingResponse(answer(question.messages), media_type="text/plain")


@app.websocket("/socket")
async def socket(socket: WebSocket) -> None:
    await socket.accept()
    question = Question(**await socket.receive_json())
    async for frame in frames(answer(question.messages)):
        await socket.send_json(frame)
    await socket.close()
