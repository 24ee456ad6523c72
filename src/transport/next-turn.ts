/** Where there is one, which is in Node, Deno, Bun and React Native, it costs the least. */
declare const setImmediate: ((run: () => void) => unknown) | undefined

/**
 * Runs something in a turn of the event loop of its own. A browser's message is not put off in a
 * hidden tab, as timers are; where there are no channels, there are no tabs.
 */
export function nextTurn(run: () => void): void {
  if (typeof setImmediate === 'function') {
    setImmediate(run)
    return
  }
  if (typeof MessageChannel !== 'function') {
    setTimeout(run, 0)
    return
  }
  const { port1, port2 } = new MessageChannel()
  // A constant for the garbage collector's sake, as in the driver's `#connect`.
  const onMessage = (): void => {
    port1.close()
    run()
  }
  port1.onmessage = onMessage
  port2.postMessage(undefined)
}
