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
  /** Closed connections whose last call has not ended here; the close's own turn comes after it. */
  readonly #leaving = new Set<number>()
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

  /** Messages and closes that have not ended there. */
  get underWay(): number {
    return this.#underWay
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

  /** The connection has closed: of its messages only the one that has begun goes on, until the worker confirms the close. */
  leave({ fd, inFlight }: Connection): void {
    const messages = inFlight.splice(0).length
    if (messages === 0) return
    this.#leaving.add(fd)
    this.#underWay -= messages - 1
  }

  /** Whether a call of a closed connection may still run here. */
  serves(fd: number): boolean {
    return this.#leaving.has(fd)
  }

  /** The worker has taken the turn of a close. */
  left(fd: number): void {
    if (this.#leaving.delete(fd)) this.finished()
  }

  /** It has died, or what it does counts no longer. */
  lost(): void {
    this.connections.clear()
    this.#leaving.clear()
  }

  /** Resolves when nothing is under way there. */
  idle(): Promise<void> {
    return this.#underWay === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve))
  }
}
