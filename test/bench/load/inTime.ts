import { setTimeout as sleep } from 'node:timers/promises'

/** How long what was asked for may still take when the load is over, in milliseconds. */
const DEADLINE_MS = 15_000

/** Waits, for 15 s at most. @param otherwise what then is the error @throws Error that says so */
export async function inTime(done: Promise<void>, otherwise: () => string): Promise<void> {
  const clock = new AbortController()
  const late = sleep(DEADLINE_MS, undefined, { signal: clock.signal }).then(() => {
    throw new Error(otherwise())
  })
  late.catch(() => {}) // ended when it was in time
  await Promise.race([done, late])
  clock.abort()
}
