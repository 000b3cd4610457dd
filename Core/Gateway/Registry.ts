import type { Redis } from 'ioredis'
import { log } from '../../Library/Log/Log'
import {
  closeKeysKey,
  controllersKey,
  FDINFO,
  INSTANCES,
  instanceFdsKey,
  UIDTOFD,
  UIDTOFD_TYPE,
  userFdsKey,
} from '../Record/Keys'
import { RAISE, REMOVE_FD, REPLACE_FD } from '../Record/Scripts'
import type { Connection } from './Connection'

/** Connections that are put on record again at once when Redis comes back. */
const HEAL_BATCH = 500

/** How often a clean-up that Redis could not take is tried again, in milliseconds. */
const RETRY_MS = 1000

/**
 * Puts the gateway's connections on record in Redis and takes them off. Nobody else writes these keys, and all of it goes through
 * one client, in order; commands of one turn of the loop share a pipeline (the client's autopipelining). What stands in memory too
 * heals a Redis that was away or came back empty.
 */
export class Registry {
  readonly instance: number
  readonly #redis: Redis
  readonly #counter: number
  readonly #fds: string
  /** Those whose record could not be removed yet. */
  readonly #ghosts = new Set<Connection>()
  /** Closed ones of which Redis could not be asked what it says of them. */
  readonly #unread = new WeakSet<Connection>()
  #retry: NodeJS.Timeout | undefined

  private constructor(redis: Redis, counter: number, first: number) {
    this.#redis = redis
    this.#counter = counter
    this.instance = counter - 1 + first
    this.#fds = instanceFdsKey(this.instance)
  }

  /**
   * Takes a fresh instance number from Redis.
   * @param first the number that the first instance gets
   */
  static async claim(redis: Redis, first: number): Promise<Registry> {
    return new Registry(redis, await redis.incr(INSTANCES), first)
  }

  /** Puts a new connection on record. The list of the instance's fds comes first: it never lacks one that stands elsewhere. */
  async put({ fd, user, openedAt }: Connection): Promise<void> {
    const redis = this.#redis
    const writes: Promise<unknown>[] = [redis.sadd(this.#fds, fd)]
    if (user) {
      writes.push(redis.hset(FDINFO, String(fd), user.json), redis.zadd(userFdsKey(user.type, user.id), openedAt, fd))
      if (user.type === UIDTOFD_TYPE) writes.push(redis.eval(REPLACE_FD.lua, 1, UIDTOFD, user.id, fd))
    }
    await Promise.all(writes)
  }

  /** @returns whether the connection is now a member; not when it has closed or left meanwhile */
  async join(connection: Connection, group: string): Promise<boolean> {
    connection.groups ??= new Set()
    const { groups } = connection
    const before = groups.has(group)
    groups.add(group) // before the writes, so that a `leave` which comes meanwhile takes it out again
    try {
      await Promise.all([this.addCloseKey(connection, group), this.#redis.sadd(group, connection.fd)])
    } catch (error) {
      if (!before) groups.delete(group)
      throw error
    }
    return !connection.closed && groups.has(group)
  }

  async leave(connection: Connection, group: string): Promise<void> {
    connection.groups?.delete(group)
    await Promise.all([this.#redis.srem(group, connection.fd), this.removeCloseKey(connection, group)])
  }

  // In memory first: what is written while the connection closes is then cleaned by the close.

  async addCloseKey(connection: Connection, key: string): Promise<void> {
    connection.closeKeys ??= new Set()
    connection.closeKeys.add(key)
    await this.#redis.sadd(closeKeysKey(connection.fd), key)
  }

  async removeCloseKey(connection: Connection, key: string): Promise<void> {
    connection.closeKeys?.delete(key)
    await this.#redis.srem(closeKeysKey(connection.fd), key)
  }

  async addController(connection: Connection, name: string): Promise<void> {
    connection.controllers ??= new Set()
    connection.controllers.add(name)
    await this.#redis.sadd(controllersKey(connection.fd), name)
  }

  async removeController(connection: Connection, name: string): Promise<void> {
    connection.controllers?.delete(name)
    await this.#redis.srem(controllersKey(connection.fd), name)
  }

  /**
   * What the record says of a connection that closes, together with what is in memory: a PHP backend may have added to the sets.
   * With Redis away, what is in memory.
   */
  async complete(connection: Connection): Promise<void> {
    try {
      await this.#read(connection)
    } catch (error) {
      this.#unread.add(connection)
      log.debug({ err: error, fd: connection.fd }, 'the record of a closed connection could not be read; memory serves')
    }
  }

  /** Takes a closed connection off the record. What Redis does not take now is tried again until it does. */
  async forget(connection: Connection): Promise<void> {
    try {
      if (this.#unread.has(connection)) await this.#read(connection) // its hooks have run; its close keys still count
      await this.#remove(connection)
      this.#ghosts.delete(connection)
    } catch (error) {
      this.#ghosts.add(connection)
      this.#retry ??= setTimeout(() => this.#removeGhosts(), RETRY_MS)
      log.debug({ err: error, fd: connection.fd }, 'a closed connection could not be taken off the record yet')
    }
  }

  /** Redis is back, perhaps empty: writes down again what this gateway holds. */
  async heal(connections: Iterable<Connection>): Promise<void> {
    await this.#redis.eval(RAISE.lua, 1, INSTANCES, this.#counter)
    let batch: Promise<unknown>[] = []
    for (const connection of connections) {
      batch.push(this.#putAgain(connection))
      if (batch.length < HEAL_BATCH) continue
      await Promise.all(batch)
      batch = []
    }
    await Promise.all(batch)
  }

  stop(): void {
    clearTimeout(this.#retry)
  }

  /** How many closed connections still stand on record. */
  get unforgotten(): number {
    return this.#ghosts.size
  }

  async #read(connection: Connection): Promise<void> {
    const [keys, controllers] = await Promise.all([
      this.#redis.smembers(closeKeysKey(connection.fd)),
      this.#redis.smembers(controllersKey(connection.fd)),
    ])
    if (keys.length > 0) connection.closeKeys = new Set([...(connection.closeKeys ?? []), ...keys])
    if (controllers.length > 0) connection.controllers = new Set([...(connection.controllers ?? []), ...controllers])
    this.#unread.delete(connection)
  }

  async #putAgain(connection: Connection): Promise<void> {
    const { fd } = connection
    const writes: Promise<unknown>[] = [this.put(connection)]
    for (const group of connection.groups ?? []) writes.push(this.#redis.sadd(group, fd))
    if (connection.closeKeys?.size) writes.push(this.#redis.sadd(closeKeysKey(fd), ...connection.closeKeys))
    if (connection.controllers?.size) writes.push(this.#redis.sadd(controllersKey(fd), ...connection.controllers))
    await Promise.all(writes)
    // It may have closed, and been forgotten, between two of these writes.
    if (connection.closed) await this.forget(connection)
  }

  async #remove({ fd, user, groups, closeKeys }: Connection): Promise<void> {
    const redis = this.#redis
    const sets = new Set([...(groups ?? []), ...(closeKeys ?? [])])
    const steps: Promise<unknown>[] = [...sets].map((key) => this.#leaveSet(key, fd))
    steps.push(redis.del(closeKeysKey(fd)), redis.del(controllersKey(fd)), redis.hdel(FDINFO, String(fd)))
    if (user) steps.push(this.#removeUser(user.type, user.id, fd))
    await Promise.all(steps)
    await redis.srem(this.#fds, fd)
  }

  /** A key that user code named may be no set: that is its own error, and must not keep the rest from being cleaned. */
  async #leaveSet(key: string, fd: number): Promise<void> {
    try {
      await this.#redis.srem(key, fd)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('WRONGTYPE'))) throw error
      log.warn({ closeKey: key, fd }, 'a close key is no Redis set; the fd cannot leave it')
    }
  }

  async #removeUser(type: string, id: string | number, fd: number): Promise<void> {
    const redis = this.#redis
    const key = userFdsKey(type, id)
    await redis.zrem(key, fd)
    if (type !== UIDTOFD_TYPE) return
    // The newest one that is still open takes its place. It may close at this very moment, so its presence is asked again.
    let gone: string | number = fd
    while ((await redis.eval(REMOVE_FD.lua, 1, UIDTOFD, id, gone)) === 1) {
      const [next] = await redis.zrange(key, 0, '0', 'REV')
      if (next === undefined) return
      await redis.hsetnx(UIDTOFD, String(id), next)
      if ((await redis.zscore(key, next)) !== null) return
      gone = next
    }
  }

  async #removeGhosts(): Promise<void> {
    this.#retry = undefined
    const [first, ...rest] = this.#ghosts
    if (first) await this.forget(first)
    // One is enough to find out whether Redis takes them again.
    if (first && !this.#ghosts.has(first)) await Promise.all(rest.map((connection) => this.forget(connection)))
  }
}
