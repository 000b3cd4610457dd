import { isMainThread, workerData } from 'node:worker_threads'
import type * as Log from '../../Library/Log/Log'
import { BEATS, NAME_AT, NAME_LENGTH, NOT_BEGUN, type WatchdogData } from './Watch'

/** Loaded when there is something to say: a thread has modules and memory of its own. */
const loadLog = (): typeof Log => require('../../Library/Log/Log')

/** The thread that looks on: it only speaks, the supervisor acts. */
function watch({ memory, runtime, level, name, limitMs, beatMs }: WatchdogData): void {
  const numbers = new Int32Array(memory, 0, 2)
  let beats = 0
  let since = performance.now()
  let looked = since
  let said = false
  setInterval(() => {
    const now = performance.now()
    // This thread stood still itself: the whole process was stopped, and that is nobody's fault in it.
    const late = now - looked > beatMs * 10
    looked = now
    const latest = numbers[BEATS] ?? 0
    if (latest !== beats || latest === NOT_BEGUN || late) {
      beats = latest
      since = now
      said = false
      return
    }
    if (said || now - since < limitMs) return
    said = true
    const length = numbers[NAME_LENGTH] ?? 0
    const action = Buffer.from(memory, NAME_AT, length).toString()
    const seconds = Math.round((now - since) / 1000)
    const { configureLog, log } = loadLog()
    configureLog({ runtime, name, level })
    log.fatal({ action }, `the worker stands still for ${seconds} s in ${action || 'code after an await, or a timer'}`)
  }, beatMs)
}

if (!isMainThread) watch(workerData)
