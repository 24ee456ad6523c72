/** As much of it as the benchmark uses: it is installed for the benchmark alone, see `../build.ts`. */
declare module '@ai-sdk/react' {
  interface Message {
    id: string
    role: string
    parts: { type: string; text?: string }[]
  }
  export function useChat(options: {
    messages: Message[]
    transport: object
    /** In milliseconds. Older versions called it `experimental_throttle`. */
    throttle: number | undefined
  }): { messages: Message[]; sendMessage(message: { text: string }): void }
}
