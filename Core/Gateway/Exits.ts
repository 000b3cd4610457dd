import type { Redis } from 'ioredis'
import { log } from '../../Library/Log/Log'
import { byInstance, closeKeysKey, controllersKey, FDINFO, instanceFdsKey } from '../Record/Keys'
import { answersOf, Batches, type Outcome } from './Batches'
import type { Connection } from './Connection'
import type { Presence } from './Presence'
import { isNoSet } from './Sets'

/** A closed connection, and the keys of the sets that it is to leave. */
interface Exit {
  readonly connection: Connection
  readonly sets: ReadonlySet<string>
}

/** Takes closed connections off the record, in batches. */
export class Exits {
  readonly #redis: Redis
  readonly #presence: Presence
  readonly #readings = new Batches<Connection>((connections) => this.#readAll(connections))
  readonly #removals = new Batches<Exit>((exits) => this.#removeAll(exits))

  constructor(redis: Redis, presence: Presence) {
    this.#redis = redis
    this.#presence = presence
  }

  /** Adds to what memory has of a connection what the record has. @throws StoreAway, or an Error that Redis answered */
  read(connection: Connection): Promise<void> {
    return this.#readings.add(connection)
  }

  /** Takes a connection off the record, and out of these sets. @throws StoreAway, or an Error that Redis answered */
  remove(connection: Connection, sets: ReadonlySet<string>): Promise<void> {
    return this.#removals.add({ connection, sets })
  }

  async #readAll(connections: readonly Connection[]): Promise<ReadonlyMap<Connection, Outcome>> {
    const pipeline = this.#redis.pipeline()
    for (const { fd } of connections) pipeline.smembers(closeKeysKey(fd)).smembers(controllersKey(fd))
    const answers = await answersOf(pipeline)
    const outcomes = new Map<Connection, Outcome>()
    for (const [at, connection] of connections.entries()) {
      const [closeKeys, controllers] = answers.slice(2 * at, 2 * at + 2)
      if (closeKeys instanceof Error) outcomes.set(connection, closeKeys)
      else if (controllers instanceof Error) outcomes.set(connection, controllers)
      connection.closeKeys = joined(connection.closeKeys, closeKeys)
      connection.controllers = joined(connection.controllers, controllers)
    }
    return outcomes
  }

  /**
   * The instance's list of fds comes last: whoever goes on after a death in the middle reads there, and in the close keys, what is still
   * to be done.
   */
  async #removeAll(exits: readonly Exit[]): Promise<ReadonlyMap<Exit, Outcome>> {
    const connections = exits.map(({ connection }) => connection)
    const [present, inSets] = await Promise.all([this.#presence.remove(connections), this.#leaveSets(exits)])
    const outcomes = new Map<Exit, Outcome>()
    const fds: number[] = []
    for (const exit of exits) {
      const refused = present.get(exit.connection) ?? inSets.get(exit)
      if (refused) outcomes.set(exit, refused)
      else fds.push(exit.connection.fd)
    }
    if (fds.length > 0) await this.#erase(fds)
    return outcomes
  }

  /** @returns those that Redis refused to take out of one */
  async #leaveSets(exits: readonly Exit[]): Promise<Map<Exit, Error>> {
    const members = new Map<string, Exit[]>()
    for (const exit of exits) {
      for (const key of exit.sets) {
        const others = members.get(key)
        if (others) others.push(exit)
        else members.set(key, [exit])
      }
    }
    const refused = new Map<Exit, Error>()
    if (members.size === 0) return refused
    const pipeline = this.#redis.pipeline()
    for (const [key, leaving] of members) pipeline.srem(key, ...leaving.map(({ connection }) => connection.fd))
    const answers = await answersOf(pipeline)
    for (const [at, [closeKey, leaving]] of [...members].entries()) {
      const answer = answers[at]
      if (isNoSet(answer)) warn(closeKey, leaving)
      else if (answer instanceof Error) for (const exit of leaving) refused.set(exit, answer)
    }
    return refused
  }

  async #erase(fds: readonly number[]): Promise<void> {
    const redis = this.#redis
    await Promise.all([
      redis.del(...fds.flatMap((fd) => [closeKeysKey(fd), controllersKey(fd)])),
      redis.hdel(FDINFO, ...fds.map(String)),
    ])
    await Promise.all([...byInstance(fds)].map(([instance, theirs]) => redis.srem(instanceFdsKey(instance), ...theirs)))
  }
}

/** A key that user code named may be no set: that is its own error, and must not keep the rest from being cleaned. */
function warn(closeKey: string, leaving: readonly Exit[]): void {
  const fds = leaving.map(({ connection }) => connection.fd)
  log.warn({ closeKey, fds }, 'a close key is no Redis set; the fds cannot leave it')
}

/** @param more what Redis answered */
function joined(set: Set<string> | undefined, more: unknown): Set<string> | undefined {
  return Array.isArray(more) && more.length > 0 ? new Set([...(set ?? []), ...more]) : set
}
