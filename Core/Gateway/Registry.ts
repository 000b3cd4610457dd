import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { isStoreAway } from '../../Library/Cache/Cache'
import { log } from '../../Library/Log/Log'
import { closeKeysKey, controllersKey, FDINFO, instanceFdsKey } from '../Record/Keys'
import { readUser } from './Auth'
import { Connection } from './Connection'
import { Entries } from './Entries'
import { Exits } from './Exits'
import type { Lease } from './Lease'
import type { Logins } from './Logins'
import { Presence } from './Presence'
import { addFd, isNoSet } from './Sets'

/** Connections that are put on record again at once when Redis comes back. */
const HEAL_BATCH = 500

/** How often what Redis could not take is tried again, in milliseconds. */
const RETRY_MS = 1000

/** How long the same goes on when the gateway stops, and how often it is tried, in milliseconds. */
const LAST_TRIES_MS = 2000
const LAST_TRY_MS = 50

/** A name in one of a connection's sets. */
interface Place {
  readonly set: 'groups' | 'closeKeys' | 'controllers'
  readonly name: string
}

/**
 * Puts the gateway's connections on record in Redis and takes them off. Nobody else writes these keys, and all of it goes through
 * one client; commands of one turn of the loop share a pipeline (the client's autopipelining, `Entries`, `Exits`). What stands in memory
 * too heals a Redis that was away or came back empty. The dead of another gateway are taken off by the same code.
 */
export class Registry {
  readonly #redis: Redis
  readonly #presence: Presence
  readonly #entries: Entries
  readonly #exits: Exits
  readonly #fds: string
  /** Those that are being put on record now. */
  readonly #putting = new Map<Connection, Promise<void>>()
  /** Those that could not be put on record yet. */
  readonly #absent = new Set<Connection>()
  /** Those whose record could not be removed yet. */
  readonly #ghosts = new Set<Connection>()
  /** Closed ones of which Redis could not be asked what it says of them. */
  readonly #unread = new WeakSet<Connection>()
  /** Closed ones that are off the record. */
  readonly #forgotten = new WeakSet<Connection>()
  /** Where a write has failed: Redis may have it or not, and is made to say what memory says. */
  readonly #doubts = new Map<Connection, Map<string, Place>>()
  #retry: NodeJS.Timeout | undefined

  constructor(redis: Redis, lease: Lease, logins: Logins) {
    this.#redis = redis
    this.#presence = new Presence(redis)
    this.#entries = new Entries(redis, lease, logins, this.#presence)
    this.#exits = new Exits(redis, this.#presence)
    this.#fds = instanceFdsKey(lease.instance)
  }

  /**
   * Puts a connection on record. What Redis does not take now is tried again until it does.
   * @throws as `Entries.add`
   */
  async put(connection: Connection): Promise<void> {
    const putting = this.#entries.add(connection)
    this.#putting.set(connection, putting)
    try {
      await putting
      this.#absent.delete(connection)
      // It may have closed, and been forgotten, between two of these writes.
      if (this.#forgotten.has(connection)) await this.forget(connection)
    } catch (error) {
      this.#absent.delete(connection)
      if (!connection.closed) this.#absent.add(connection) // the last now: another one is tried first
      this.#tryAgain()
      throw error
    } finally {
      if (this.#putting.get(connection) === putting) this.#putting.delete(connection)
    }
  }

  /** Puts one on record that connected some time ago: others of the same user may have come meanwhile. */
  async #putLate(connection: Connection): Promise<void> {
    await this.put(connection)
    const { user } = connection
    if (user) await this.#presence.findNewest(user)
  }

  /** @returns a connection of a dead gateway, as the record has it */
  async recall(fd: number): Promise<Connection> {
    const json = await this.#redis.hget(FDINFO, String(fd))
    const connection = new Connection({ fd, port: '', ip: '', user: readUser(json), slot: fd, burst: 0 })
    await this.#read(connection)
    return connection
  }

  // In memory first: what is written while the connection closes is then cleaned by the close.

  /** @returns whether the connection is now a member; not when it has closed or left meanwhile */
  async join(connection: Connection, group: string): Promise<boolean> {
    connection.groups ??= new Set()
    connection.closeKeys ??= new Set()
    const { groups, closeKeys } = connection
    const before = { group: groups.has(group), closeKey: closeKeys.has(group) }
    groups.add(group)
    closeKeys.add(group)
    try {
      await Promise.all([this.#write(connection, 'closeKeys', group), this.#write(connection, 'groups', group)])
    } catch (error) {
      if (!before.group) groups.delete(group)
      if (!before.closeKey) closeKeys.delete(group)
      throw error
    }
    return !connection.closed && groups.has(group)
  }

  async leave(connection: Connection, group: string): Promise<void> {
    connection.groups?.delete(group)
    connection.closeKeys?.delete(group)
    await Promise.all([this.#write(connection, 'groups', group), this.#write(connection, 'closeKeys', group)])
  }

  async addCloseKey(connection: Connection, key: string): Promise<void> {
    connection.closeKeys ??= new Set()
    connection.closeKeys.add(key)
    await this.#write(connection, 'closeKeys', key)
  }

  async removeCloseKey(connection: Connection, key: string): Promise<void> {
    connection.closeKeys?.delete(key)
    await this.#write(connection, 'closeKeys', key)
  }

  async addController(connection: Connection, name: string): Promise<void> {
    connection.controllers ??= new Set()
    connection.controllers.add(name)
    await this.#write(connection, 'controllers', name)
  }

  async removeController(connection: Connection, name: string): Promise<void> {
    connection.controllers?.delete(name)
    await this.#write(connection, 'controllers', name)
  }

  /**
   * What the record says of a connection that closes, together with what is in memory: a PHP backend may have added to the sets.
   * With Redis away, what is in memory.
   */
  async complete(connection: Connection): Promise<void> {
    await this.#putting.get(connection)?.catch(ignore) // what it still writes would stay
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
      this.#forgotten.add(connection)
      this.#ghosts.delete(connection)
      this.#doubts.delete(connection)
    } catch (error) {
      this.#ghosts.delete(connection)
      this.#ghosts.add(connection) // the last now: another one is tried first
      this.#tryAgain()
      log.debug({ err: error, fd: connection.fd }, 'a closed connection could not be taken off the record yet')
    }
  }

  /**
   * Redis is back, perhaps empty, perhaps with what a lost connection still wrote: makes the record what this gateway holds.
   * @param connections the open ones
   * @param isOurs whether an fd is open, or about to be taken off
   */
  async heal(connections: Iterable<Connection>, isOurs: (fd: number) => boolean): Promise<void> {
    let batch: Promise<unknown>[] = []
    for (const connection of connections) {
      batch.push(this.#putAgain(connection))
      if (batch.length < HEAL_BATCH) continue
      await Promise.all(batch)
      batch = []
    }
    await Promise.all(batch)
    for (const fd of await this.strangers(isOurs)) await this.forget(await this.recall(fd))
  }

  /** @returns the fds on this gateway's record that are none of its own */
  async strangers(isOurs: (fd: number) => boolean): Promise<number[]> {
    const found = (await this.#redis.smembers(this.#fds)).map(Number).filter((fd) => !isOurs(fd))
    if (found.length === 0) return []
    // One that closed just now has been taken off meanwhile.
    const stands = await this.#redis.smismember(this.#fds, ...found)
    return found.filter((_, index) => stands[index] === 1)
  }

  /**
   * The gateway stops: what Redis was too slow to take, because all closed at once, is tried again, for 2 s. What stands on record then
   * others take off.
   */
  async finish(): Promise<void> {
    const deadline = performance.now() + LAST_TRIES_MS
    while (this.#ghosts.size > 0 && performance.now() < deadline) {
      await sleep(LAST_TRY_MS)
      await this.#settle()
    }
  }

  stop(): void {
    clearTimeout(this.#retry)
  }

  /** How many closed connections still stand on record. */
  get unforgotten(): number {
    return this.#ghosts.size
  }

  async #read(connection: Connection): Promise<void> {
    await this.#exits.read(connection)
    this.#unread.delete(connection)
  }

  /** Makes Redis say what memory says of a name; where it does not take that now, it is tried again until it does. */
  async #write(connection: Connection, set: Place['set'], name: string): Promise<void> {
    const { fd } = connection
    const holds = !this.#forgotten.has(connection) && (connection[set]?.has(name) ?? false)
    const key = { groups: name, closeKeys: closeKeysKey(fd), controllers: controllersKey(fd) }[set]
    const member = set === 'groups' ? fd : name
    try {
      await (holds ? this.#redis.sadd(key, member) : this.#redis.srem(key, member))
      this.#doubts.get(connection)?.delete(`${set} ${name}`)
    } catch (error) {
      if (!isNoSet(error)) this.#doubt(connection, { set, name })
      throw error
    }
  }

  #doubt(connection: Connection, place: Place): void {
    const places = this.#doubts.get(connection) ?? new Map<string, Place>()
    this.#doubts.set(connection, places.set(`${place.set} ${place.name}`, place))
    this.#tryAgain()
  }

  async #putAgain(connection: Connection): Promise<void> {
    const { fd } = connection
    try {
      await this.#putLate(connection)
    } catch (error) {
      if (isStoreAway(error)) throw error // else it is tried again by itself
    }
    if (connection.closed) return // who takes it off the record may be at its groups by now
    const writes: Promise<unknown>[] = []
    for (const group of connection.groups ?? []) writes.push(addFd(this.#redis, group, fd))
    if (connection.closeKeys?.size) writes.push(this.#redis.sadd(closeKeysKey(fd), ...connection.closeKeys))
    if (connection.controllers?.size) writes.push(this.#redis.sadd(controllersKey(fd), ...connection.controllers))
    await Promise.all(writes)
  }

  #remove(connection: Connection): Promise<void> {
    const { groups, closeKeys } = connection
    const doubted = [...(this.#doubts.get(connection)?.values() ?? [])].filter(({ set }) => set === 'groups')
    const sets = new Set([...(groups ?? []), ...(closeKeys ?? []), ...doubted.map(({ name }) => name)])
    return this.#exits.remove(connection, sets)
  }

  #tryAgain(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined
      this.#settle()
    }, RETRY_MS)
  }

  /** Does what Redis could not take before. One is enough to find out whether it does now. */
  async #settle(): Promise<void> {
    const [ghost, ...ghosts] = this.#ghosts
    if (ghost) await this.forget(ghost)
    if (ghost === undefined || !this.#ghosts.has(ghost)) await Promise.all(ghosts.map((one) => this.forget(one)))
    for (const connection of this.#absent) if (connection.closed) this.#absent.delete(connection)
    const [absent, ...rest] = this.#absent
    if (absent) await this.#putLate(absent).catch(ignore)
    if (absent && !this.#absent.has(absent)) await Promise.all(rest.map((one) => this.#putLate(one).catch(ignore)))
    const doubts = [...this.#doubts].flatMap(([of, places]) =>
      of.closed && !this.#forgotten.has(of) ? [] : [...places.values()].map((place) => ({ of, place })),
    )
    await Promise.all(doubts.map(({ of, place }) => this.#write(of, place.set, place.name).catch(ignore)))
    for (const [of, places] of this.#doubts) if (places.size === 0) this.#doubts.delete(of)
  }
}

/** For what is tried again. */
function ignore(): void {}
