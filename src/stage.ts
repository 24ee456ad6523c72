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

/** Two stages as one: what `first` hands on goes into `second`. */
export function pipe<In, Mid, Out>(first: Stage<In, Mid>, second: Stage<Mid, Out>): Stage<In, Out> {
  return {
    push(input, emit) {
      first.push(input, (mid) => second.push(mid, emit))
    },
    end(emit) {
      first.end((mid) => second.push(mid, emit))
      second.end(emit)
    },
  }
}
