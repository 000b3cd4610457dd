import type { Redis } from 'ioredis'
import { instanceFdsKey } from '../Record/Keys'
import type { Connection } from './Connection'
import type { Lease } from './Lease'
import type { Logins } from './Logins'
import type { Presence } from './Presence'

/** The most connections that are put on record together: one command must not keep Redis from others for long. */
const MOST = 500

/** A connection that waits for the end of this turn of the loop, and who is told how it went. */
interface Entry {
  readonly connection: Connection
  readonly entered: () => void
  readonly failed: (error: unknown) => void
}

/**
 * Puts connections on record, those of one turn of the loop together: when all come at once, most of what a handshake costs is
 * commands. A user's own set of fds has a command of its own: a key that is none keeps nobody else from the record.
 */
export class Entries {
  readonly #redis: Redis
  readonly #lease: Lease
  readonly #logins: Logins
  readonly #presence: Presence
  readonly #fds: string
  #waiting: Entry[] = []

  constructor(redis: Redis, lease: Lease, logins: Logins, presence: Presence) {
    this.#redis = redis
    this.#lease = lease
    this.#logins = logins
    this.#presence = presence
    this.#fds = instanceFdsKey(lease.instance)
  }

  /** Resolves when the connection is on record, or has closed before it was. @throws StoreAway, or an Error that Redis answered */
  add(connection: Connection): Promise<void> {
    return new Promise((entered, failed) => {
      if (this.#waiting.length === 0) setImmediate(this.#writeAll)
      this.#waiting.push({ connection, entered, failed })
    })
  }

  readonly #writeAll = () => {
    const waiting = this.#waiting
    this.#waiting = []
    for (let at = 0; at < waiting.length; at += MOST) this.#write(waiting.slice(at, at + MOST))
  }

  async #write(entries: readonly Entry[]): Promise<void> {
    try {
      // What a gateway writes that was taken for dead, nobody takes off again.
      if (!this.#lease.sure(performance.now())) await this.#lease.confirm()
    } catch (error) {
      for (const { failed } of entries) failed(error)
      return
    }
    const open = entries.filter(({ connection }) => !connection.closed)
    if (open.length < entries.length) for (const { connection, entered } of entries) if (connection.closed) entered()
    if (open.length === 0) return
    const connections = open.map(({ connection }) => connection)
    // The list of the instance's fds comes first: it never lacks one that stands elsewhere.
    const listed = this.#redis.sadd(this.#fds, ...connections.map(({ fd }) => fd))
    const own = connections.map((connection) => this.#enter(connection))
    const shown = this.#presence.show(connections.filter(({ user }) => this.#logins.allows(user)))
    for (const [at, { entered, failed }] of open.entries()) Promise.all([listed, shown, own[at]]).then(entered, failed)
  }

  #enter(connection: Connection): Promise<void> | undefined {
    const { user, fd, openedAt } = connection
    if (user === undefined) return undefined
    return this.#logins.allows(user) ? this.#presence.enter(user, fd, openedAt) : this.#logIn(connection)
  }

  async #logIn(connection: Connection): Promise<void> {
    const stays = await this.#logins.enter(connection)
    if (stays && !connection.closed) await this.#presence.show([connection])
  }
}
