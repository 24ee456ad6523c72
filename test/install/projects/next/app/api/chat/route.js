import { streamChat } from 'chatwire'
import { chatResponse } from 'chatwire/server'

export async function POST(request) {
  return chatResponse(streamChat({ url: process.env.MODEL_URL, json: await request.json() }))
}
