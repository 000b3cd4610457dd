import { closeLog, flushLog, log } from '../Library/Log/Log'
import { type Boot, isOrder, type Report } from './Orders'

/** How processes end. */
export const EXIT = { done: 0, failed: 1 } as const

/** What a child of the supervisor does, from its start to its end. */
export interface Life {
  /** @returns what the supervisor is told: the real ports. @throws Error whose message says why the process cannot start */
  start(boot: Boot): Promise<Report>
  /** Ends everything in good order. @param orphaned the supervisor has died */
  stop(orphaned: boolean): Promise<void>
}

/**
 * Runs the life of a child of the supervisor. Signals go to the supervisor, which orders the stop, so SIGINT and SIGHUP (which a
 * terminal sends to everybody) mean nothing here. When the supervisor dies, the child ends in good order by itself.
 */
export function live(life: Life): void {
  let ending = false
  const end = (orphaned: boolean) => {
    if (ending) return
    ending = true
    life
      .stop(orphaned)
      .then(() => EXIT.done)
      .catch((error: unknown) => {
        log.error({ err: error }, 'the process did not end in good order')
        return EXIT.failed
      })
      .then(exit)
  }
  process.on('SIGINT', () => {})
  process.on('SIGHUP', () => {})
  process.on('SIGTERM', () => end(false))
  process.on('disconnect', () => end(true))
  process.on('message', (message) => {
    if (!isOrder(message)) return
    if (message.order === 'stop') return end(false)
    life.start(message.boot).then(report, (error: unknown) => {
      report({ report: 'failed', message: error instanceof Error ? error.message : String(error) }, () =>
        exit(EXIT.failed),
      )
    })
  })
  surviveUserCode()
}

/** What user code throws outside of a call is logged, and costs nobody else anything. */
function surviveUserCode(): void {
  process.on('uncaughtException', (error) =>
    log.fatal({ err: error }, 'user code threw outside of a call: in a timer, say'),
  )
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'nobody handled the rejection of a promise'))
}

/** For the supervisor, which runs no user code: an error that nobody expected ends it. */
export function dieOfErrors(): void {
  const die = (error: unknown) => {
    log.fatal({ err: error }, 'the supervisor failed')
    exit(EXIT.failed)
  }
  process.on('uncaughtException', die)
  process.on('unhandledRejection', die)
}

/** Ends the process; what was logged is on disk. */
export function exit(code: number): never {
  flushLog()
  closeLog()
  process.exit(code)
}

function report(report: Report, sent?: () => void): void {
  process.send?.(report, undefined, undefined, () => sent?.())
}
