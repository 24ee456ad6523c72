import { signalTimedOut, timedOut } from './failures.ts'
import type { Machine } from './machine.ts'
import { nextTurn } from './next-turn.ts'
import { Outlet } from './outlet.ts'
import type { ReadResult, Source } from './source.ts'
import { type Watchdog, watchdog } from './watchdog.ts'

/** What a connection is held to. */
export interface Limits {
  /** The caller's signal. */
  signal?: AbortSignal | undefined
  /** How much input, in bytes or characters, may be read ahead of the consumer. */
  readAheadBytes: number
  /** How long, in milliseconds, a read may take before the machine is told. 0: forever. */
  idleMs?: number
  /** How long, in milliseconds, the machine may go without content. 0: forever. */
  contentMs?: number
}

/** Opens a source. The signal aborts when its connection is no longer wanted. */
export type Open<In> = (signal: AbortSignal) => Promise<Source<In>>

/** What a {@link DrivenStream} needs to know. */
export interface Drive<In, Out> {
  machine: Machine<In, Out>
  /** Called at the first `next()`. */
  open: Open<In>
  limits: Limits
  /** Called instead of `open` if the stream is left before it began. */
  discard?: (() => void) | undefined
  /** How long, in milliseconds, the machine may hold output back. */
  holdMs?: number
  /** Whether and how to go on after a failure. What it throws is a failure in turn. */
  recover?(failure: unknown): Reconnection<In> | undefined
}

/** Another connection for the same stream. */
export interface Reconnection<In> {
  delayMs: number
  open: Open<In>
  limits: Limits
}

const RESOLVED: Promise<void> = Promise.resolve()

/** How much input may be handed over to a waiting consumer in one go. */
const MAX_BATCH_BYTES = 64 * 1024

/** How much input is handled before others get their turn of the event loop. */
const MAX_TURN_BYTES = 256 * 1024

/**
 * The one asynchronous place: reads a source ahead of the consumer, feeds a {@link Machine}, queues
 * what comes out, and owns the abort and the timers.
 *
 * It is an async generator in all but its making. A real one cannot be left while it waits: its
 * `return()` queues behind the pending read, so a stalled connection could not be closed.
 *
 * Consumed once, by one consumer.
 */
export class DrivenStream<In, Out> implements AsyncGenerator<Out, void, undefined> {
  readonly #drive: Drive<In, Out>
  readonly #hold: Watchdog
  readonly #outlet: Outlet<Out>
  #limits!: Limits
  #idle!: Watchdog
  #content!: Watchdog
  #controller = new AbortController()
  #reconnectTimer: ReturnType<typeof setTimeout> | undefined
  #source: Source<In> | undefined
  #onRead!: (result: ReadResult<In>) => void
  #onReadFailure!: (failure: unknown) => void
  #state: 'new' | 'running' | 'over' = 'new'
  #isIterated = false
  #isOpened = false
  #isReading = false
  #isPaused = false
  /** Input read since the consumer last had nothing left to take. */
  #unreadBytes = 0
  /** Input read since others last had their turn. */
  #turnBytes = 0
  #wakeUps = 0
  #isAborted = false

  constructor(drive: Drive<In, Out>) {
    this.#drive = drive
    this.#outlet = new Outlet(drive.machine.merge)
    this.#limit(drive.limits)
    this.#hold = watchdog(drive.holdMs ?? 0, () => {
      drive.machine.release(this.#emit)
      this.#settle()
    })
  }

  #limit(limits: Limits): void {
    const { idleMs = 0, contentMs = 0 } = limits
    this.#limits = limits
    this.#idle = watchdog(idleMs, () => this.fail(timedOut('idle', idleMs)))
    this.#content = watchdog(contentMs, () => this.fail(timedOut('content', contentMs)))
  }

  [Symbol.asyncIterator](): this {
    if (this.#isIterated) {
      throw new TypeError('This stream was already iterated. Make a new one for a second loop.')
    }
    this.#isIterated = true
    return this
  }

  next(): Promise<IteratorResult<Out, undefined>> {
    if (this.#state === 'new') this.#start()
    // The connection may be gone, and our listener with it, while events still wait to be taken.
    if (this.#limits.signal?.aborted) this.#abort()
    const next = this.#outlet.next()
    this.#advance()
    return next
  }

  return(): Promise<IteratorResult<Out, undefined>> {
    this.#leave()
    return Promise.resolve({ done: true, value: undefined })
  }

  throw(error: unknown): Promise<IteratorResult<Out, undefined>> {
    this.#leave()
    return Promise.reject(error)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave()
  }

  /** The stream failed: it goes on over another connection if it can, and ends if not. */
  fail(failure: unknown): void {
    if (this.#state === 'over') return
    let reason = failure
    try {
      const reconnection = this.#drive.recover?.(failure)
      // The caller, who was asked, may have ended the stream.
      if (!this.#isRunning) return
      if (reconnection !== undefined) return this.#reconnect(reconnection)
    } catch (error) {
      reason = error
    }
    this.#outlet.close(this.#drive.machine.fail(reason, this.#emit))
    this.#tearDown(reason)
    this.#settle()
  }

  #start(): void {
    this.#state = 'running'
    this.#drive.machine.begin()
    // Whoever called `next()` sees to that.
    if (this.#limits.signal?.aborted) return
    this.#listen()
    this.#isOpened = true
    this.#connect(this.#drive.open)
  }

  #listen(): void {
    this.#limits.signal?.addEventListener('abort', this.#abort, { once: true })
  }

  #connect(open: Open<In>): void {
    const { signal } = this.#controller
    // Async, so that whatever opening throws is a rejection.
    const opened = (async () => open(signal))()
    opened.then(
      (source) => {
        // A source that opened too late is closed at once.
        if (signal.aborted) return source.cancel(undefined)
        this.#source = source
        // A read of a connection that was given up may still settle; it is nobody's then. Constants
        // first: V8 puts a function that is written into a property at once among its old objects,
        // and the whole answer would live as long (measured, Node 24: a third of the time was GC's).
        const onRead = (result: ReadResult<In>): void => {
          if (this.#source === source) this.#takeRead(result)
        }
        const onReadFailure = (cause: unknown): void => {
          if (this.#source === source) this.fail(cause)
        }
        this.#onRead = onRead
        this.#onReadFailure = onReadFailure
        this.#content.touch()
        this.#read()
      },
      (failure) => {
        if (!signal.aborted) this.fail(failure)
      },
    )
  }

  #reconnect({ delayMs, open, limits }: Reconnection<In>): void {
    this.#disconnect(undefined)
    this.#controller = new AbortController()
    this.#limit(limits)
    this.#listen()
    this.#reconnectTimer = setTimeout(() => this.#connect(open), delayMs)
    this.#settle()
    if (limits.signal?.aborted) this.#abort()
  }

  #read(): void {
    const source = this.#source
    if (source === undefined || this.#isReading || this.#state === 'over') return
    if (!this.#outlet.isWanted() && this.#unreadBytes >= this.#limits.readAheadBytes) {
      // The consumer is busy: the server is not to blame for what we do not read.
      this.#isPaused = true
      this.#idle.stop()
      this.#content.stop()
      return
    }
    if (this.#isPaused) this.#content.touch()
    this.#isPaused = false
    this.#isReading = true
    this.#idle.touch()
    if (this.#turnBytes < MAX_TURN_BYTES) return this.#readFrom(source)
    // Chunks that are there already come in microtasks, which let nothing else through.
    nextTurn(() => {
      this.#turnBytes = 0
      if (this.#source === source) this.#readFrom(source)
    })
  }

  #readFrom(source: Source<In>): void {
    try {
      source.read().then(this.#onRead, this.#onReadFailure)
    } catch (failure) {
      this.fail(failure)
    }
  }

  #takeRead(result: ReadResult<In>): void {
    this.#isReading = false
    const { machine } = this.#drive
    const contentBefore = machine.contentCount()
    try {
      // Within the `try`, because a body of the caller's may give no such thing.
      const { done, value } = result
      if (done) {
        this.#outlet.close(machine.end(this.#emit))
        this.#tearDown(undefined)
      } else {
        const size = sizeOf(value)
        this.#unreadBytes += size
        this.#turnBytes += size
        machine.push(value as In, this.#emit)
        if (machine.isOver()) this.#tearDown(undefined)
      }
    } catch (failure) {
      return this.fail(failure)
    }
    if (machine.contentCount() !== contentBefore && this.#isRunning) {
      this.#content.touch()
      if (machine.isHolding()) this.#hold.touch()
      else this.#hold.stop()
    }
    this.#advance()
  }

  /**
   * Reads on, and wakes the consumer once no further chunk is there already. Chunks that came
   * together are so handed over together: waking costs more than reading. It is a matter of a
   * microtask, not of a timer.
   */
  #advance(): void {
    const isBatchFull =
      this.#state === 'over' ||
      this.#unreadBytes >= Math.min(this.#limits.readAheadBytes, MAX_BATCH_BYTES)
    if (isBatchFull) this.#settle()
    this.#read()
    if (isBatchFull) return
    this.#wakeUps++
    // Cheaper than queueMicrotask, which in Node makes an object for its async hooks.
    RESOLVED.then(this.#wakeUp)
  }

  #wakeUp = (): void => {
    // Of all that are under way only the last one counts: no chunk came after it.
    if (--this.#wakeUps === 0) this.#settle()
  }

  #emit = (event: Out): void => {
    // A callback that ran within the machine may have ended the stream under it.
    if (this.#state === 'over') return
    this.#outlet.push(event)
  }

  #settle(): void {
    const isTaken = this.#outlet.settle(this.#state === 'over')
    if (isTaken) this.#unreadBytes = 0
  }

  #abort = (): void => {
    const { machine } = this.#drive
    const { signal } = this.#limits
    const timeout = signalTimedOut(signal?.reason)
    // A deadline is a failure like any other: what arrived before it is still handed out.
    if (timeout !== undefined) return this.fail(timeout)
    const outlet = this.#outlet
    if (this.#isAborted || (this.#state === 'over' && outlet.isDrained())) return
    this.#isAborted = true
    outlet.clear()
    const emit = (event: Out): void => outlet.push(event)
    outlet.close(machine.abort(signal?.reason, emit, outlet.lastTaken()))
    this.#tearDown(signal?.reason)
    this.#settle()
  }

  /** A getter, because callbacks of the caller may change the state within a call. */
  get #isRunning(): boolean {
    return this.#state === 'running'
  }

  /** The consumer leaves: nothing more is handed out. */
  #leave(): void {
    this.#outlet.clear()
    this.#tearDown(undefined)
    this.#settle()
  }

  /** Closes everything, once. */
  #tearDown(reason: unknown): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#hold.stop()
    this.#disconnect(reason)
    if (!this.#isOpened) this.#drive.discard?.()
  }

  /** Closes the connection. Nothing here is waited for, so that nothing can hold it up. */
  #disconnect(reason: unknown): void {
    this.#idle.stop()
    this.#content.stop()
    clearTimeout(this.#reconnectTimer)
    this.#limits.signal?.removeEventListener('abort', this.#abort)
    this.#source?.cancel(reason)
    this.#source = undefined
    this.#isReading = this.#isPaused = false
    this.#controller.abort(reason)
  }
}

/** What a chunk counts against the read-ahead: its bytes or characters; 1 for anything else. */
function sizeOf(chunk: unknown): number {
  if (typeof chunk === 'string') return chunk.length
  return ArrayBuffer.isView(chunk) ? chunk.byteLength : 1
}
