import type { AppConfig } from '../../Library/Config/Schema'
import type { Worker } from './Worker'

/** How often a worker looks at itself, in milliseconds. */
const LOOK_MS = 200

const MIB = 1024 * 1024

/** Tells, once, that the worker has done `max_request` calls or has grown beyond `max_memory`, and wants to be replaced. */
export class Fatigue {
  constructor({ max_request, max_memory }: AppConfig['setting'], worker: Worker, worn: (reason: string) => void) {
    if (max_request === 0 && max_memory === 0) return
    const timer = setInterval(() => {
      const memory = max_memory > 0 ? process.memoryUsage.rss() / MIB : 0
      const reason = this.#reason(worker.calls, memory, max_request, max_memory)
      if (reason === undefined) return
      clearInterval(timer)
      worn(reason)
    }, LOOK_MS)
    timer.unref()
  }

  #reason(calls: number, memory: number, mostCalls: number, mostMemory: number): string | undefined {
    if (mostCalls > 0 && calls >= mostCalls) return `it has done ${calls} calls (max_request ${mostCalls})`
    if (memory > mostMemory) return `it uses ${Math.round(memory)} MiB (max_memory ${mostMemory})`
    return undefined
  }
}
