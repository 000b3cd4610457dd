import type { Redis } from 'ioredis'
import {
  closeKeysKey,
  controllersKey,
  DEAD,
  FDINFO,
  INSTANCE_LIST,
  instanceFdsKey,
  instanceOf,
  isFd,
  leaseKey,
  UIDTOFD,
  UIDTOFD_TYPE,
  userFdsKey,
} from '../../Record/Keys'
import { removeNewest } from '../../Record/Newest'

/** Keys and members that Redis is asked for at once. */
const PAGE = 1000

/** Which instances there are. */
interface Instances {
  readonly living: ReadonlySet<number>
  /** On record and dead: their connections have not all been taken off yet. */
  readonly dying: ReadonlySet<number>
}

/** Where an fd stands, each as a text for people. */
type Places = Map<number, Set<string>>

/** What the record says that cannot be. */
export interface Look {
  readonly instances: Instances
  /** Fds that nobody holds, and the keys in which they stand. */
  readonly ghosts: ReadonlyMap<number, ReadonlySet<string>>
  /** Groups in which living fds stand that have not joined them: they were filled by hand as well. */
  readonly mixed: ReadonlySet<string>
  /** The users whose newest connection an fd is said to be. */
  readonly newestOf: ReadonlyMap<number, readonly string[]>
}

/** What the keys say, as they stand. */
interface Reading {
  readonly places: Places
  /** The groups and sets that each fd says it stands in. */
  readonly closeKeys: ReadonlyMap<number, ReadonlySet<string>>
  readonly newestOf: Look['newestOf']
}

export interface GhostsOptions {
  /** Instances below this one are MSwoole's own, which may run beside: they are none of ours. */
  readonly firstInstance: number
  /** Prefixes of sets that are filled by hand. */
  readonly raw: readonly string[]
}

/** The record in Redis, as a stranger reads it: what stands there of connections that no gateway has. */
export class Ghosts {
  readonly #redis: Redis
  readonly #prefix: string
  readonly #options: GhostsOptions

  constructor(redis: Redis, options: GhostsOptions) {
    this.#redis = redis
    this.#prefix = redis.options.keyPrefix ?? ''
    this.#options = options
  }

  /** @throws StoreAway */
  async look(): Promise<Look> {
    const { places, closeKeys, newestOf } = await this.#read()
    const instances = await this.#instances([...places.keys()])
    // Read last: whatever has been opened since is on this list before it stands anywhere else.
    const open = new Set<number>()
    for (const instance of instances.living) {
      for (const fd of await this.#redis.smembers(instanceFdsKey(instance))) open.add(Number(fd))
    }
    const isOurs = (fd: number) => isFd(fd) && instanceOf(fd) >= this.#options.firstInstance
    const ghosts = [...places].filter(([fd]) => isOurs(fd) && !open.has(fd) && !this.#isReaped(fd, instances))
    const mixed = new Set<string>()
    for (const fd of open) {
      for (const key of places.get(fd) ?? []) if (this.#isMixed(key, closeKeys.get(fd))) mixed.add(key)
    }
    return { instances, ghosts: new Map(ghosts), mixed, newestOf }
  }

  /** Takes ghosts out of every place in which they stand. Their fds are never used again. @throws StoreAway */
  async remove({ ghosts, instances, newestOf }: Omit<Look, 'mixed'>): Promise<void> {
    const redis = this.#redis
    await each(ghosts, ([fd, places]) => Promise.all([...places].map((place) => this.#removeFrom(place, fd))))
    await each(ghosts, async ([fd]) => {
      for (const user of newestOf.get(fd) ?? []) await this.#replaceNewest(user, fd)
      // Whoever goes on after a failure in the middle reads there what is still to be done.
      await redis.del(closeKeysKey(fd), controllersKey(fd))
      await redis.srem(instanceFdsKey(instanceOf(fd)), fd)
    })
    for (const instance of instances.dying) {
      if ((await redis.scard(instanceFdsKey(instance))) === 0) await redis.srem(INSTANCE_LIST, instance)
    }
  }

  /** A living gateway takes those off, and lets their hooks run. */
  #isReaped(fd: number, { living, dying }: Instances): boolean {
    return living.size > 0 && dying.has(instanceOf(fd))
  }

  #isMixed(key: string, joined: ReadonlySet<string> | undefined): boolean {
    return !isRecord(key) && !joined?.has(key) && !this.#options.raw.some((prefix) => key.startsWith(prefix))
  }

  async #read(): Promise<Reading> {
    const redis = this.#redis
    const places: Places = new Map()
    const closeKeys = new Map<number, ReadonlySet<string>>()
    const newestOf = new Map<number, string[]>()
    const stands = (fd: number | string, place: string) =>
      places.set(Number(fd), (places.get(Number(fd)) ?? new Set()).add(place))
    for (const [fd] of await this.#hash(FDINFO)) stands(fd, FDINFO)
    for (const [user, fd] of await this.#hash(UIDTOFD)) {
      stands(fd, UIDTOFD)
      newestOf.set(Number(fd), [...(newestOf.get(Number(fd)) ?? []), user])
    }
    const groups = new Set<string>()
    await each(await this.#keys('WEBSOCKET_'), async (key) => {
      const [, kind, rest = ''] = /^WEBSOCKET_(FdController_|FdCloseSetKey_|USERFDS_|INSTANCE_)(.*)$/s.exec(key) ?? []
      if (kind === 'USERFDS_') for (const fd of await redis.zrange(key, 0, '-1')) stands(fd, key)
      if (kind === 'INSTANCE_' && rest.endsWith('_FDS')) for (const fd of await redis.smembers(key)) stands(fd, key)
      if (kind === 'FdController_' || kind === 'FdCloseSetKey_') stands(rest, key)
      if (kind !== 'FdCloseSetKey_') return
      const theirs = new Set(await redis.smembers(key))
      closeKeys.set(Number(rest), theirs)
      for (const group of theirs) groups.add(group)
    })
    for (const prefix of this.#options.raw) for (const key of await this.#keys(prefix)) groups.add(key)
    await each(groups, async (group) => {
      for (const fd of await this.#members(group)) stands(fd, group)
    })
    return { places, closeKeys, newestOf }
  }

  async #instances(fds: readonly number[]): Promise<Instances> {
    const listed = (await this.#redis.smembers(INSTANCE_LIST)).map(Number)
    const living = new Set<number>()
    for (const instance of new Set([...listed, ...fds.map(instanceOf)])) {
      const holder = await this.#redis.get(leaseKey(instance))
      if (holder !== null && holder !== DEAD) living.add(instance)
    }
    return { living, dying: new Set(listed.filter((instance) => !living.has(instance))) }
  }

  async #removeFrom(place: string, fd: number): Promise<void> {
    if (place === FDINFO) await this.#redis.hdel(FDINFO, String(fd))
    else if (place.startsWith('WEBSOCKET_USERFDS_')) await this.#redis.zrem(place, fd)
    else if (!isRecord(place)) await this.#redis.srem(place, fd)
  }

  /** The newest connection of the user that is left takes its place. */
  async #replaceNewest(user: string, fd: number): Promise<void> {
    const redis = this.#redis
    if (!(await removeNewest(redis, user, fd))) return
    const [next] = await redis.zrange(userFdsKey(UIDTOFD_TYPE, user), 0, '0', 'REV')
    if (next !== undefined) await redis.hsetnx(UIDTOFD, user, next)
  }

  /** Members of a set that are fds; none where the key is no set. */
  async #members(key: string): Promise<number[]> {
    if ((await this.#redis.type(key)) !== 'set') return []
    return (await this.#redis.smembers(key)).map(Number).filter(isFd)
  }

  /** @returns the fields and values of a hash */
  async #hash(key: string): Promise<[string, string][]> {
    const all: [string, string][] = []
    let cursor = '0'
    do {
      const [next, pairs] = await this.#redis.hscan(key, cursor, 'COUNT', PAGE)
      for (let at = 0; at < pairs.length; at += 2) all.push([pairs[at] ?? '', pairs[at + 1] ?? ''])
      cursor = next
    } while (cursor !== '0')
    return all
  }

  /** ioredis puts its prefix before keys, but not into patterns, nor does it take it off what comes back. */
  async #keys(prefix: string): Promise<Set<string>> {
    const keys = new Set<string>()
    const pattern = `${(this.#prefix + prefix).replace(/[*?[\]\\]/g, '\\$&')}*`
    let cursor = '0'
    do {
      const [next, some] = await this.#redis.scan(cursor, 'MATCH', pattern, 'COUNT', PAGE)
      for (const key of some) keys.add(key.slice(this.#prefix.length))
      cursor = next
    } while (cursor !== '0')
    return keys
  }
}

/** So many at a time share a way to Redis and back. */
async function each<T>(items: Iterable<T>, work: (item: T) => Promise<unknown>): Promise<void> {
  const all = [...items]
  for (let at = 0; at < all.length; at += PAGE) await Promise.all(all.slice(at, at + PAGE).map(work))
}

/** Whether a key is the kernel's own: what is not is a group or set of the user's. */
const isRecord = (key: string) => key.startsWith('WEBSOCKET_')
