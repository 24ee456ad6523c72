/**
 * One step of the path from bytes to events: takes an input, hands on zero or more outputs.
 *
 * A stage is synchronous and holds the state of exactly one stream, so a chunk boundary can fall
 * anywhere and no promise is paid per event. It does no I/O and owns no timer.
 */
export interface Stage<In, Out> {
  /** Takes the next input; calls `emit` once for each output that is now complete. */
  push(input: In, emit: (output: Out) => void): void
  /** The input is over: hands on what is still held. Called once, after the last `push`. */
  end(emit: (output: Out) => void): void
}
