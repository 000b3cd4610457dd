import type { Redis } from 'ioredis'
import { instanceFdsKey } from '../Record/Keys'
import { answersOf, Batches, type Outcome } from './Batches'
import type { Connection } from './Connection'
import type { Lease } from './Lease'
import type { Logins } from './Logins'
import type { Presence } from './Presence'

/** Puts connections on record, in batches. */
export class Entries {
  readonly #redis: Redis
  readonly #lease: Lease
  readonly #logins: Logins
  readonly #presence: Presence
  readonly #fds: string
  readonly #batches = new Batches<Connection>((connections) => this.#enter(connections))

  constructor(redis: Redis, lease: Lease, logins: Logins, presence: Presence) {
    this.#redis = redis
    this.#lease = lease
    this.#logins = logins
    this.#presence = presence
    this.#fds = instanceFdsKey(lease.instance)
  }

  /** Resolves when the connection is on record, or has closed before it was. @throws StoreAway, or an Error that Redis answered */
  add(connection: Connection): Promise<void> {
    return this.#batches.add(connection)
  }

  async #enter(connections: readonly Connection[]): Promise<ReadonlyMap<Connection, Outcome>> {
    // What a gateway writes that was taken for dead, nobody takes off again.
    if (!this.#lease.sure(performance.now())) await this.#lease.confirm()
    const open = connections.filter(({ closed }) => !closed)
    return open.length > 0 ? this.#put(open) : new Map()
  }

  /**
   * The list of the instance's fds comes first: it never lacks one that stands elsewhere. Each user's own fds take a command of their
   * own: a key that is something else keeps nobody else from the record.
   * @throws what Redis answered to what concerns all
   */
  async #put(connections: readonly Connection[]): Promise<ReadonlyMap<Connection, Outcome>> {
    const users = connections.filter(({ user }) => user && this.#logins.allows(user))
    const logins = connections.filter(({ user }) => !this.#logins.allows(user))
    const pipeline = this.#redis.pipeline()
    pipeline.sadd(this.#fds, ...connections.map(({ fd }) => fd))
    for (const connection of users) this.#presence.enter(pipeline, connection)
    this.#presence.show(pipeline, users)
    const [listed, ...answers] = await answersOf(pipeline)
    const shown = answers.splice(users.length)
    for (const answer of [listed, ...shown]) if (answer instanceof Error) throw answer
    const outcomes = new Map<Connection, Outcome>()
    for (const [at, connection] of users.entries()) {
      const answer = answers[at]
      if (answer instanceof Error) outcomes.set(connection, answer)
    }
    for (const connection of logins) outcomes.set(connection, this.#logIn(connection))
    return outcomes
  }

  /** What a policy decides of one login, the others do not wait for. */
  async #logIn(connection: Connection): Promise<void> {
    const stays = !connection.closed && (await this.#logins.enter(connection))
    if (!stays || connection.closed) return
    const pipeline = this.#redis.pipeline()
    this.#presence.show(pipeline, [connection])
    for (const answer of await answersOf(pipeline)) if (answer instanceof Error) throw answer
  }
}
