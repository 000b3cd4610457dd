import { pause } from './Backoff'
import type { Child } from './Child'

/** How long a process may take to do what takes no time, and how much longer than it should for the rest, in milliseconds. */
const GRACE_MS = 2000

/** How long somebody who has just connected gets for the handshake, in milliseconds, before the process goes that took the connection. */
export const HANDSHAKE_MS = 2000

/** Waits until a port is closed, or the process that should do so has died or does not answer: then it will be killed. */
export async function closed(unlisten: Promise<unknown>): Promise<void> {
  await Promise.race([unlisten.catch(() => {}), pause(GRACE_MS)])
}

/**
 * Lets a process that holds sockets, and listens no longer, close its connections with 1012, evenly spread.
 * @param ms milliseconds
 * @param left told of how many are left, now and then
 */
export async function drain(child: Child, ms: number, left: (count: number) => void): Promise<void> {
  child.on('draining', (report) => left(report.left))
  const emptied = child.ask({ order: 'drain', ms }, 'emptied').catch(() => {}) // whoever ends it learns that it has died
  await Promise.race([emptied, pause(ms + GRACE_MS)])
}
