/** A deadline is so many waits in a row. */
const WAITS = 4

/**
 * Calls back when something has not come in time. While a process stands still (it computes, or its machine was stopped) it hears
 * nothing, and afterwards its timers come before what lies there to be read. Here a pause costs one of the waits at most, whoever
 * paused too has the time of the others, and what lies there at the end is read first.
 * @param ms milliseconds, of a process that runs
 * @returns ends it
 */
export function deadline(ms: number, missed: () => void): () => void {
  let left = WAITS
  let over = false
  let timer: NodeJS.Timeout | undefined
  const wait = () => {
    if (left-- > 0) timer = setTimeout(wait, ms / WAITS)
    else setImmediate(() => over || missed())
  }
  wait()
  return () => {
    over = true
    clearTimeout(timer)
  }
}
