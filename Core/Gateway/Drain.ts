import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import type { Hub } from './Hub'

/** How often connections are closed, in milliseconds. */
const STEP_MS = 20

/** How often it is told how many are left, in milliseconds. */
const TELL_MS = 1000

/** A turn of the loop in which nothing happens takes less, in milliseconds; and how many turns may pass until there is one. */
const QUIET_MS = 0.05
const MOST_TURNS = 1000

/**
 * Closes all connections with 1012, evenly spread: so many clients that come back at once would be a flood. One whose handshake ends
 * meanwhile is closed at the end.
 * @param overMs milliseconds from the first one to the last one
 * @param left told of how many are left, now and then
 */
export async function drain(hub: Hub, overMs: number, left: (count: number) => void): Promise<void> {
  const all = hub.count()
  const began = performance.now()
  let told = began
  let closed = 0
  while (hub.count() > 0) {
    const now = performance.now()
    const due = now - began < overMs ? Math.floor((all * (now - began)) / overMs) + 1 : Number.POSITIVE_INFINITY
    for (const connection of hub.all()) {
      if (closed >= due) break
      connection.close('restart')
      closed++
    }
    if (now - told >= TELL_MS) {
      told = now
      left(hub.count())
    }
    if (hub.count() > 0) await sleep(STEP_MS)
  }
}

/**
 * Resolves when the loop has just taken all new sockets, and has had nothing else to do: those that wait in a listener when it closes
 * are reset by the system.
 */
export async function quietTurn(): Promise<void> {
  for (let turns = 0; turns < MOST_TURNS; turns++) {
    const began = performance.now()
    await turn()
    if (performance.now() - began < QUIET_MS) return
  }
}
