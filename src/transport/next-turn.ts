/**
 * Runs something in a turn of the event loop of its own. A message is not put off in a hidden tab, as
 * timers are; where there are no channels, there are no tabs.
 */
export function nextTurn(run: () => void): void {
  if (typeof MessageChannel !== 'function') {
    setTimeout(run, 0)
    return
  }
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => {
    port1.close()
    run()
  }
  port2.postMessage(undefined)
}
