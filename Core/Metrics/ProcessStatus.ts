import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import type { ProcessStatus } from '../Orders'

/** How often the event loop is looked at, in milliseconds. */
const LOOK_MS = 20

let delays: IntervalHistogram | undefined

/** How this process is doing. The delay is that since the last time this was asked. */
export function processStatus(): ProcessStatus {
  const { rss, heapUsed } = process.memoryUsage()
  return { memory: rss, heap: heapUsed, uptime: process.uptime(), delayMs: longestDelay() }
}

function longestDelay(): number {
  if (delays === undefined) {
    delays = monitorEventLoopDelay({ resolution: LOOK_MS })
    delays.enable()
  }
  // The time between two looks, of which the pause between them is none of the loop's.
  const longest = delays.max / 1e6 - LOOK_MS
  delays.reset()
  return Math.max(0, longest)
}
