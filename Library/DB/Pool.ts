import { setTimeout as pause } from 'node:timers/promises'
import { reasonOf } from '../Log/Outage'
import { DatabaseAway } from './DatabaseAway'

/** How long connecting, and waiting for a free connection, may take in all. Milliseconds. */
export const CONNECT_MS = 2000

/** So many may wait for a connection; beyond it they are refused at once. */
const MOST_WAITING = 256

/** A connection that nobody has used for so long is closed, before a firewall forgets it without a word. Milliseconds. */
export const IDLE_MS = 60_000

/** What the pool needs of a connection. */
export interface Pooled {
  /** It has ended, or must not be used again. */
  readonly lost: boolean
  /** Ends it at once. */
  destroy(): void
  /** Ends it in good order. */
  end(): Promise<void>
}

export interface PoolOptions<Connection> {
  /** Connects; it must settle in about `CONNECT_MS`. */
  readonly open: () => Promise<Connection>
  /** Connections at most. */
  readonly size: number
  /** After so many milliseconds one that nobody uses is closed. */
  readonly idleMs: number
  /** Told when a connection could not be opened, and there is no other. */
  readonly unreachable: (error: unknown) => void
}

interface Waiter<Connection> {
  readonly take: (connection: Connection) => void
  readonly fail: (cause: unknown) => void
}

/**
 * Connections of one kind, opened when they are needed. Both the time and the number of those who wait are bounded, whatever the
 * database does; there is nothing to be repaired when it comes back: each failure is forgotten.
 */
export class Pool<Connection extends Pooled> {
  readonly #open: () => Promise<Connection>
  readonly #size: number
  readonly #idleMs: number
  readonly #unreachable: (error: unknown) => void
  readonly #idle: { readonly connection: Connection; readonly since: number }[] = []
  readonly #busy = new Set<Connection>()
  readonly #waiting: Waiter<Connection>[] = []
  #opening = 0
  #closed = false
  #sweep: NodeJS.Timeout | undefined

  constructor({ open, size, idleMs, unreachable }: PoolOptions<Connection>) {
    this.#open = open
    this.#size = size
    this.#idleMs = idleMs
    this.#unreachable = unreachable
  }

  /** @throws DatabaseAway, after `CONNECT_MS` at most */
  acquire(): Promise<Connection> {
    if (this.#closed) return Promise.reject(new DatabaseAway('the database was closed'))
    if (this.#waiting.length >= MOST_WAITING) {
      return Promise.reject(new DatabaseAway(`${MOST_WAITING} others wait for a connection already`))
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(late)
        const at = this.#waiting.indexOf(waiter)
        if (at !== -1) this.#waiting.splice(at, 1)
      }
      const waiter: Waiter<Connection> = {
        take: (connection) => {
          leave()
          resolve(connection)
        },
        fail: (cause) => {
          leave()
          reject(new DatabaseAway(`the database could not be reached: ${reasonOf(cause)}`, { cause }))
        },
      }
      const late = setTimeout(() => {
        leave()
        const busy = this.#busy.size
        const why = busy === 0 ? 'the database did not answer' : `${busy} of ${this.#size} are in use`
        reject(new DatabaseAway(`there was no connection within ${CONNECT_MS} ms: ${why}`))
      }, CONNECT_MS)
      this.#waiting.push(waiter)
      this.#serve()
    })
  }

  release(connection: Connection): void {
    this.#busy.delete(connection)
    if (connection.lost || this.#closed) connection.destroy()
    else this.#keep(connection)
    this.#serve()
  }

  /** Ends those that nobody uses: after one has failed, the others are not to be trusted. */
  clear(): void {
    for (const { connection } of this.#idle.splice(0)) connection.destroy()
  }

  /** Waits for those in use, `deadlineMs` at most, then ends everything. */
  async close(deadlineMs: number): Promise<void> {
    this.#closed = true
    clearInterval(this.#sweep)
    for (const { fail } of [...this.#waiting]) fail(new Error('the database was closed'))
    const end = performance.now() + deadlineMs
    while (this.#busy.size + this.#opening > 0 && performance.now() < end) await pause(5)
    for (const connection of this.#busy) connection.destroy()
    const idle = this.#idle.splice(0).map(({ connection }) => connection)
    const ended = Promise.all(idle.map((connection) => connection.end().catch(() => {}))) // it is destroyed next
    await Promise.race([ended, pause(Math.max(0, end - performance.now()))])
    for (const connection of idle) connection.destroy()
  }

  #keep(connection: Connection): void {
    this.#idle.push({ connection, since: performance.now() })
    this.#sweep ??= setInterval(() => this.#closeOld(), IDLE_MS / 4).unref()
  }

  #closeOld(): void {
    const now = performance.now()
    while (this.#idle[0] !== undefined && now - this.#idle[0].since > this.#idleMs)
      this.#idle.shift()?.connection.destroy()
  }

  #serve(): void {
    while (this.#waiting[0] !== undefined) {
      const connection = this.#idle.pop()?.connection
      if (connection === undefined) break
      if (connection.lost) continue
      this.#busy.add(connection)
      this.#waiting[0].take(connection)
    }
    const room = this.#size - this.#busy.size - this.#opening
    for (let more = Math.min(this.#waiting.length - this.#opening, room); more > 0; more--) this.#grow()
  }

  #grow(): void {
    this.#opening++
    this.#open().then(
      (connection) => {
        this.#opening--
        if (this.#closed) return connection.destroy()
        this.#keep(connection)
        this.#serve()
      },
      (error: unknown) => {
        this.#opening--
        // Those in use will be free again; where there are none, nobody has anything to wait for.
        if (this.#busy.size > 0) return
        this.#unreachable(error)
        for (const { fail } of [...this.#waiting]) fail(error)
      },
    )
  }
}
