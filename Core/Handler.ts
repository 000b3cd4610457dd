import { closeLog, flushLog, log } from '../Library/Log/Log'
import { flushTallies } from '../Library/Log/Tally'
import { type Boot, isOrder, type Order, type Report, type StopReason } from './Orders'

/** How processes end. */
export const EXIT = { done: 0, failed: 1, notRunning: 3 } as const

/** Why a process stops; `orphaned`: the supervisor has died. */
export type Ending = StopReason | 'orphaned'

/** What a child of the supervisor does, from its start to its end. */
export interface Life {
  /** @throws Error whose message says why the process cannot start */
  start(boot: Boot): Promise<Report>
  /** @returns what the supervisor is told when it is done */
  order(order: Order): Promise<Report | undefined>
  /** Ends everything in good order. */
  stop(ending: Ending): Promise<void>
}

/** A process that cannot do these is of no use. */
const VITAL: readonly Order['order'][] = ['boot', 'listen']

/**
 * Runs the life of a child of the supervisor. Signals go to the supervisor, which orders the stop, so SIGINT and SIGHUP (which a
 * terminal sends to everybody) mean nothing here. When the supervisor dies, the child ends in good order by itself.
 */
export function live(life: Life): void {
  let ending = false
  const end = (why: Ending) => {
    if (ending) return
    ending = true
    life.stop(why).then(
      () => exit(EXIT.done),
      (error: unknown) => {
        log.error({ err: error }, 'the process did not end in good order')
        exit(EXIT.failed)
      },
    )
  }
  const obey = async (order: Order): Promise<Report | undefined> => {
    if (order.order === 'stop') end(order.reason)
    else if (order.order === 'ping') return { report: 'pong' }
    else if (order.order === 'boot') return await life.start(order.boot)
    else return await life.order(order)
    return undefined
  }
  process.on('SIGINT', () => {})
  process.on('SIGHUP', () => {})
  process.on('SIGTERM', () => end('serverStops'))
  process.on('disconnect', () => end('orphaned'))
  process.on('message', (message) => {
    if (!isOrder(message)) return
    obey(message).then(tell, (error: unknown) => {
      const failure = error instanceof Error ? error.message : String(error)
      if (VITAL.includes(message.order)) tell({ report: 'failed', message: failure }, () => exit(EXIT.failed))
      else log.error({ err: error, order: message.order }, 'an order of the supervisor failed')
    })
  })
}

/** Tells the supervisor; `sent` is called when it is on its way. */
export function tell(report: Report | undefined, sent: () => void = () => {}): void {
  if (report === undefined || !process.connected) return sent()
  process.send?.(report, undefined, undefined, () => sent())
}

/** The same; resolves when it is on its way. */
export function tellLast(report: Report | undefined): Promise<void> {
  return new Promise((sent) => tell(report, sent))
}

/**
 * What user code throws outside of a call is logged.
 * @param inside tells which actions are running
 * @param survive false: an exception that nobody caught ends the process, so that it is replaced
 */
export function watchUserCode(inside: () => readonly string[], survive: boolean): void {
  process.on('unhandledRejection', (error) => {
    log.error({ err: error, actions: inside() }, 'nobody handled the rejection of a promise')
  })
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error, actions: inside() }, 'user code threw where nobody can catch it: in a timer, say')
    if (!survive) exit(EXIT.failed)
  })
  process.once('exit', (code) => {
    if (!ours) log.fatal({ actions: inside() }, `user code ended the worker by process.exit(${code})`)
  })
}

/** For processes without user code: an error that nobody expected ends them. */
export function dieOfErrors(): void {
  const die = (error: unknown) => {
    log.fatal({ err: error }, 'the process failed')
    exit(EXIT.failed)
  }
  process.on('uncaughtException', die)
  process.on('unhandledRejection', die)
}

/** Whether the process ends because the kernel says so. */
let ours = false

/** Ends the process; what was logged is on disk. */
export function exit(code: number): never {
  ours = true
  flushTallies()
  flushLog()
  closeLog()
  process.exit(code)
}
