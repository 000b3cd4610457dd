import { log } from '../../Library/Log/Log'
import type { Assignment } from './Assignment'
import type { Connection } from './Connection'
import type { Serving } from './Serving'

/** What all hooks of one close may take together, and how long a close waits for a worker, in milliseconds. */
const HOOKS_MS = 5000

/** A close that ends its worker is given to no more than so many. */
const MOST_WORKERS = 2

interface Close {
  readonly connection: Connection
  readonly code: number
  /** Time that a call which was under way may still take, in milliseconds. */
  readonly callMs: number
  readonly over: () => void
  worker: Serving | undefined
  tries: number
  deadline: NodeJS.Timeout
}

/**
 * The closes whose hooks are to run: each is kept until a worker has confirmed it, given to a second worker if the first one dies of
 * it, and given up when its time is over. Those whose worker has died are given out again one by one: only one of them need have
 * ended it, and would take the others along once more. The record of the connection is cleaned after that, whatever happened.
 */
export class Closes {
  readonly #assignment: Assignment
  readonly #closes = new Map<number, Close>()
  /** Workers that run the hooks of a close for the second time. */
  readonly #retrying = new Set<Serving>()

  constructor(assignment: Assignment) {
    this.#assignment = assignment
  }

  /**
   * Lets the hooks of the controllers that asked run.
   * @param callMs what a call that was under way may still take, in milliseconds
   * @returns when they have run, or have to be given up
   */
  run(connection: Connection, code: number, callMs: number): Promise<void> {
    const { fd, controllers, worker } = connection
    if (!controllers?.size) {
      worker?.toWorker.close(fd, code, [])
      return Promise.resolve()
    }
    return new Promise((over) => {
      const deadline = this.#deadline(fd, HOOKS_MS, 'there was no worker to run them')
      const close: Close = { connection, code, callMs, over, worker: undefined, tries: 0, deadline }
      this.#closes.set(fd, close)
      this.#give(close)
    })
  }

  /** @returns the connection whose hooks this worker runs */
  running(fd: number, worker: Serving): Connection | undefined {
    const close = this.#closes.get(fd)
    return close?.worker === worker ? close.connection : undefined
  }

  /** A worker has run the hooks. */
  confirmed(fd: number, worker: Serving): void {
    const close = this.#closes.get(fd)
    if (close?.worker === worker) this.#end(close)
  }

  /** Other workers serve now: closes that waited for one, or lost theirs, are given out again. */
  reassign(): void {
    for (const close of this.#closes.values()) if (close.worker === undefined) this.#give(close)
  }

  /** A worker has died. */
  lost(worker: Serving): void {
    this.#retrying.delete(worker)
    for (const close of [...this.#closes.values()]) {
      if (close.worker !== worker) continue
      close.worker = undefined
      const { fd, controllers } = close.connection
      if (close.tries < MOST_WORKERS) {
        this.#wait(close, HOOKS_MS, 'there was no worker to run them in time')
        this.#give(close)
      } else {
        log.error(
          { fd, controllers: [...(controllers ?? [])] },
          `onClose hooks ended ${MOST_WORKERS} workers and were given up`,
        )
        this.#end(close)
      }
    }
  }

  #give(close: Close): void {
    const { connection, code, callMs } = close
    const again = close.tries > 0
    // After a call that is still under way, also where others serve by now.
    const last = connection.worker?.serves(connection.fd) ? connection.worker : undefined
    const worker = last ?? this.#assignment.slotOf(connection)
    if (worker === undefined || (again && this.#retrying.has(worker))) return // `reassign` comes back to it
    if (last === undefined) this.#assignment.workerFor(connection) // lets it know of the connection
    worker.connections.delete(connection) // it has no calls there, only this close
    if (again) this.#retrying.add(worker)
    close.worker = worker
    close.tries++
    this.#wait(close, HOOKS_MS + (again ? 0 : callMs), 'they took too long')
    worker.began()
    worker.toWorker.close(connection.fd, code, [...(connection.controllers ?? [])])
  }

  #wait(close: Close, ms: number, reason: string): void {
    clearTimeout(close.deadline)
    close.deadline = this.#deadline(close.connection.fd, ms, reason)
  }

  #deadline(fd: number, ms: number, reason: string): NodeJS.Timeout {
    return setTimeout(() => {
      const close = this.#closes.get(fd)
      if (close === undefined) return
      log.error({ fd, controllers: [...(close.connection.controllers ?? [])], reason }, 'onClose hooks were given up')
      this.#end(close)
    }, ms)
  }

  #end(close: Close): void {
    clearTimeout(close.deadline)
    const { worker } = close
    worker?.finished()
    this.#closes.delete(close.connection.fd)
    close.over()
    if (worker && close.tries > 1 && this.#retrying.delete(worker)) this.reassign()
  }
}
