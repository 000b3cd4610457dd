import { pause } from './Backoff'
import type { Child } from './Child'

/** How much longer than it should a process may take to close its connections, in milliseconds. */
const GRACE_MS = 2000

/** How long somebody who has just connected gets for the handshake, in milliseconds, before the process goes that took the connection. */
export const HANDSHAKE_MS = 1000

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
