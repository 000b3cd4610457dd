import type { ProcessStatus } from '../Orders'

/**
 * How often it is looked whether the event loop goes round, in milliseconds: a standstill is seen to within this. More often, and an
 * idle process would spend most of its time on waking up for it.
 */
const LOOK_MS = 100

let looker: NodeJS.Timeout | undefined
let lookedAt = 0
let longestMs = 0

/** How this process is doing. The delay is that since the last time this was asked. */
export function processStatus(): ProcessStatus {
  const { rss, heapUsed } = process.memoryUsage()
  return { memory: rss, heap: heapUsed, uptime: process.uptime(), delayMs: longestDelay() }
}

function longestDelay(): number {
  if (looker === undefined) {
    lookedAt = performance.now()
    looker = setInterval(look, LOOK_MS).unref()
  }
  look() // who asks may be heard first after a standstill, before the timer
  const longest = longestMs
  longestMs = 0
  return longest
}

/** What lies between two looks beyond the time of the timer is the loop's. (Node's own monitor loses it when it is read in between.) */
function look(): void {
  const now = performance.now()
  longestMs = Math.max(longestMs, now - lookedAt - LOOK_MS)
  lookedAt = now
}
