import type { Sample } from './Samples'

/** The calls of a module's actions since the start of the server. */
export interface ModuleCounts {
  readonly calls: number
  /** Those that were answered 500, 503 or 504. */
  readonly failed: number
  /** How long all of them took together. */
  readonly seconds: number
}

const FAILED: readonly string[] = ['failed', 'unavailable', 'timeout']

/** @returns the modules whose actions were called, by name */
export function countByModule(samples: Iterable<Sample>): Record<string, ModuleCounts> {
  const modules: Record<string, ModuleCounts> = {}
  for (const { metric, suffix, labels, value } of samples) {
    const { action, outcome = '' } = labels
    if (action === undefined) continue
    const module = action.slice(0, action.indexOf('.'))
    const { calls, failed, seconds } = modules[module] ?? { calls: 0, failed: 0, seconds: 0 }
    modules[module] = {
      calls: calls + (metric.name === 'mswoole_calls_total' ? value : 0),
      failed: failed + (FAILED.includes(outcome) ? value : 0),
      seconds: seconds + (suffix === '_sum' ? value : 0),
    }
  }
  return modules
}
