import type { Thrown } from './machine.ts'

interface Waiter<Out> {
  resolve(result: IteratorResult<Out, undefined>): void
  reject(reason: unknown): void
}

/** Where a stream's events leave it: those that wait to be taken, and the consumers that wait. */
export class Outlet<Out> {
  readonly #merge: (last: Out, next: Out) => boolean
  #events: Out[] = []
  #head = 0
  #waiters: Waiter<Out>[] = []
  #lastTaken: Out | undefined
  /** What iteration throws once no event is left. */
  #thrown: Thrown | undefined

  /** @param merge - Joins `next` to `last`, which nobody has seen yet, if they can be one event. */
  constructor(merge: (last: Out, next: Out) => boolean) {
    this.#merge = merge
  }

  push(event: Out): void {
    const last = this.isEmpty() ? undefined : this.#events.at(-1)
    if (last === undefined || !this.#merge(last, event)) this.#events.push(event)
  }

  /** No event follows those that are there. */
  close(thrown: Thrown | undefined): void {
    this.#thrown = thrown
  }

  /** Forgets what nobody has taken yet. */
  clear(): void {
    this.#events = []
    this.#head = 0
    this.#thrown = undefined
  }

  next(): Promise<IteratorResult<Out, undefined>> {
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }))
  }

  /**
   * Gives the waiting consumers what there is; the end too, if the stream is over. Tells whether
   * they took all there was.
   */
  settle(isOver: boolean): boolean {
    const hadEvents = !this.isEmpty()
    while (this.#waiters.length > 0) {
      if (!this.isEmpty()) {
        this.#waiters.shift()?.resolve({ done: false, value: this.#take() })
      } else if (!isOver) {
        break
      } else if (this.#thrown !== undefined) {
        this.#waiters.shift()?.reject(this.#thrown.error)
        this.#thrown = undefined
      } else {
        this.#waiters.shift()?.resolve({ done: true, value: undefined })
      }
    }
    return hadEvents && this.isEmpty()
  }

  #take(): Out {
    const event = this.#events[this.#head++] as Out
    if (this.isEmpty()) {
      this.#events = []
      this.#head = 0
    }
    this.#lastTaken = event
    return event
  }

  isEmpty(): boolean {
    return this.#head === this.#events.length
  }

  /** Whether nothing is left, not even something to throw. */
  isDrained(): boolean {
    return this.isEmpty() && this.#thrown === undefined
  }

  /** Whether a consumer waits for what is not there. */
  isWanted(): boolean {
    return this.#waiters.length > 0 && this.isEmpty()
  }

  lastTaken(): Out | undefined {
    return this.#lastTaken
  }
}
