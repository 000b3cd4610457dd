import type { Outgoing, ToWorker } from '../Link/Contract'
import type { Connection } from './Connection'

/** A worker, as its gateway sees it: whom it serves, and how much is under way there. */
export class Serving {
  readonly id: number
  readonly pid: number
  readonly toWorker: Outgoing<ToWorker>
  readonly connections = new Set<Connection>()
  /** It ran out of time, and its calls were answered 503: nothing that it still says counts. */
  muted = false
  #underWay = 0
  #idle: (() => void)[] = []

  constructor(id: number, pid: number, toWorker: Outgoing<ToWorker>) {
    this.id = id
    this.pid = pid
    this.toWorker = toWorker
  }

  /** Tells the worker of a connection that it has not seen. */
  attach(connection: Connection): void {
    const { fd, port, ip, user, session } = connection
    this.connections.add(connection)
    this.toWorker.attach(fd, { port, ip, auth: user?.json ?? '', session: session ? JSON.stringify([...session]) : '' })
  }

  /** A message or a close has been passed to it. */
  began(): void {
    this.#underWay++
  }

  /** One of these has ended. */
  finished(): void {
    this.#underWay--
    if (this.#underWay > 0 || this.#idle.length === 0) return
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** Resolves when nothing is under way there. */
  idle(): Promise<void> {
    return this.#underWay === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve))
  }
}
