/** A timer that comes no later than this is in time, in milliseconds. */
const IN_TIME_MS = 50

/**
 * Calls back when something has not come in time. After a pause of this process its timers come before what lies there to be read, and
 * whoever is waited for may have paused with it: a deadline that has passed in a pause is set once more.
 * @param ms milliseconds
 * @returns ends it
 */
export function deadline(ms: number, missed: () => void): () => void {
  const due = performance.now() + ms
  let timer = setTimeout(() => {
    if (performance.now() - due > IN_TIME_MS) timer = setTimeout(missed, ms)
    else missed()
  }, ms)
  return () => clearTimeout(timer)
}
