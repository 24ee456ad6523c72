/** What iteration throws, in a box: the value itself may be `undefined`. */
export interface Thrown {
  error: unknown
}

/**
 * The synchronous side of one stream, which the driver feeds: input in, events out, and what becomes
 * of a failure, an abort and the end. It does no I/O and owns no timer.
 */
export interface Machine<In, Out> {
  /** The first `next()` was called. */
  begin(): void
  /** Takes a piece of input. What it throws is a failure. */
  push(input: In, emit: (event: Out) => void): void
  /** The input is over. Returns what iteration must throw, if anything. */
  end(emit: (event: Out) => void): Thrown | undefined
  /** The stream failed. Returns what iteration must throw, if anything. */
  fail(failure: unknown, emit: (event: Out) => void): Thrown | undefined
  /**
   * The caller aborted; events not yet handed out are gone, `last` was handed out last. Returns what
   * iteration must throw.
   */
  abort(reason: unknown, emit: (event: Out) => void, last: Out | undefined): Thrown | undefined
  /** Joins `next` to `last`, which nobody has seen yet, if they can be one event. */
  merge(last: Out, next: Out): boolean
  /** Lets go of what is held back, because no more came for a while. */
  release(emit: (event: Out) => void): void
  /** Whether something is held back that `release` would let go. */
  isHolding(): boolean
  /** Whether the stream has ended by itself, so that nothing more need be read. */
  isOver(): boolean
  /** How many events with content came so far. */
  contentCount(): number
}

/** The rest of a machine that holds nothing back, knows no end of its own and throws its failures. */
export const plainMachine: Omit<Machine<never, never>, 'push' | 'end'> = {
  begin() {},
  fail: (error) => ({ error }),
  abort: (error) => ({ error }),
  merge: () => false,
  release() {},
  isHolding: () => false,
  isOver: () => false,
  contentCount: () => 0,
}
