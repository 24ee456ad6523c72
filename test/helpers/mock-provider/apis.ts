export { chatCompletions } from './chat-completions.ts'
export { messages } from './messages.ts'
export { responses } from './responses.ts'
