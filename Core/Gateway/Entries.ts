import type { ChainableCommander, Redis } from 'ioredis'
import { instanceFdsKey } from '../Record/Keys'
import type { Connection } from './Connection'
import type { Lease } from './Lease'
import type { Logins } from './Logins'
import type { Presence } from './Presence'

/** The most connections that are put on record together: one command must not keep Redis from others for long. */
const MOST = 500

/** A connection that waits for its turn, and who is told how it went. */
interface Entry {
  readonly connection: Connection
  readonly entered: (outcome?: Promise<void>) => void
  readonly failed: (error: unknown) => void
}

/**
 * Puts connections on record: those of one turn of the loop together, and those that come while these are on their way together after
 * them. When all come at once, commands and their round trips are most of what a handshake costs.
 */
export class Entries {
  readonly #redis: Redis
  readonly #lease: Lease
  readonly #logins: Logins
  readonly #presence: Presence
  readonly #fds: string
  #waiting: Entry[] = []
  #writing = false

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
      this.#waiting.push({ connection, entered, failed })
      if (this.#writing) return
      this.#writing = true
      setImmediate(this.#writeAll)
    })
  }

  readonly #writeAll = async () => {
    while (this.#waiting.length > 0) await this.#write(this.#waiting.splice(0, MOST))
    this.#writing = false
  }

  /** Never rejects: each is told. */
  async #write(entries: readonly Entry[]): Promise<void> {
    try {
      // What a gateway writes that was taken for dead, nobody takes off again.
      if (!this.#lease.sure(performance.now())) await this.#lease.confirm()
      const open = entries.filter(({ connection }) => !connection.closed)
      if (open.length > 0) await this.#put(open)
      for (const { entered } of entries) entered() // who has been told before, hears no more of it
    } catch (error) {
      for (const { failed } of entries) failed(error)
    }
  }

  /**
   * The list of the instance's fds comes first: it never lacks one that stands elsewhere. Each user's own fds take a command of their
   * own: a key that is something else keeps nobody else from the record.
   * @throws what Redis answered to what concerns all
   */
  async #put(entries: readonly Entry[]): Promise<void> {
    const users = entries.filter(({ connection: { user } }) => user && this.#logins.allows(user))
    const logins = entries.filter(({ connection: { user } }) => !this.#logins.allows(user))
    const batch = this.#redis.pipeline()
    batch.sadd(this.#fds, ...entries.map(({ connection }) => connection.fd))
    for (const { connection } of users) this.#presence.enter(batch, connection)
    this.#presence.show(
      batch,
      users.map(({ connection }) => connection),
    )
    const [listed, ...answers] = await answersOf(batch)
    const shown = answers.splice(users.length)
    for (const error of [listed, ...shown]) if (error) throw error
    for (const [at, { failed }] of users.entries()) if (answers[at]) failed(answers[at])
    for (const { connection, entered } of logins) entered(this.#logIn(connection))
  }

  /** What a policy decides of one login, the others do not wait for. */
  async #logIn(connection: Connection): Promise<void> {
    const stays = !connection.closed && (await this.#logins.enter(connection))
    if (!stays || connection.closed) return
    const batch = this.#redis.pipeline()
    this.#presence.show(batch, [connection])
    for (const error of await answersOf(batch)) if (error) throw error
  }
}

/** @returns of each command what Redis refused it with; null: it did not */
async function answersOf(batch: ChainableCommander): Promise<(Error | null)[]> {
  return ((await batch.exec()) ?? []).map(([error]) => error)
}
