import type { ChainableCommander, Redis } from 'ioredis'
import { FDINFO, UIDTOFD, UIDTOFD_TYPE, userFdsKey } from '../Record/Keys'
import { removeNewest } from '../Record/Newest'
import { REMOVE_FDS } from '../Record/Scripts'
import type { User } from './Auth'
import { answersOf } from './Batches'
import type { Connection } from './Connection'

/** What stands on record of users: the fds of each, and for those whom PHP looks up by it the newest one. All of it @throws StoreAway. */
export class Presence {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Puts a connection among those of its user. */
  enter(pipeline: ChainableCommander, { user, fd, openedAt }: Connection): void {
    if (user) pipeline.zadd(userFdsKey(user.type, user.id), openedAt, fd)
  }

  /** Tells whose fds these are, and makes each its user's newest; of several of one user the last one. */
  show(pipeline: ChainableCommander, connections: readonly Connection[]): void {
    const users: (string | number)[] = []
    const newest: (string | number)[] = []
    for (const { user, fd } of connections) {
      if (user === undefined) continue
      users.push(fd, user.json)
      if (user.type === UIDTOFD_TYPE) newest.push(user.id, fd)
    }
    if (users.length > 0) pipeline.hset(FDINFO, ...users)
    if (newest.length > 0) pipeline.hset(UIDTOFD, ...newest)
  }

  /** Makes the newest fd that is on record its user's newest. It may close, or be followed, at this very moment: so until it stays. */
  async findNewest({ type, id }: User): Promise<void> {
    if (type !== UIDTOFD_TYPE) return
    const redis = this.#redis
    let last: string | undefined
    for (;;) {
      const [newest] = await redis.zrange(userFdsKey(type, id), 0, '0', 'REV')
      if (newest === last) return
      if (newest !== undefined) await redis.hset(UIDTOFD, id, newest)
      else if (last !== undefined) await removeNewest(redis, id, last)
      last = newest
    }
  }

  /**
   * Takes connections out from among those of their users. Of whom one was the newest, the newest that is still open takes its place.
   * @returns those that Redis refused to take out
   */
  async remove(connections: readonly Connection[]): Promise<Map<Connection, Error>> {
    const refused = new Map<Connection, Error>()
    const places = connections.flatMap((connection) => {
      const { user, fd } = connection
      return user ? [{ connection, fd, user, key: userFdsKey(user.type, user.id) }] : []
    })
    if (places.length === 0) return refused
    const lookedUp = places.filter(({ user }) => user.type === UIDTOFD_TYPE)
    const pipeline = this.#redis.pipeline()
    for (const { key, fd } of places) pipeline.zrem(key, fd)
    pipeline.eval(REMOVE_FDS.lua, REMOVE_FDS.keys, UIDTOFD, ...lookedUp.flatMap(({ user, fd }) => [user.id, fd]))
    for (const { key } of lookedUp) pipeline.zrange(key, 0, '0', 'REV')
    const answers = await answersOf(pipeline)
    for (const [at, { connection }] of places.entries()) {
      const answer = answers[at]
      if (answer instanceof Error) refused.set(connection, answer)
    }
    const [gone, ...newest] = answers.slice(places.length)
    if (!Array.isArray(gone)) throw gone
    const without = new Set(gone)
    const replaced = lookedUp.map(async ({ user, key }, at) => {
      const next = newest[at]
      if (without.delete(String(user.id)) && Array.isArray(next)) await this.#replace(String(user.id), key, next[0])
    })
    await Promise.all(replaced)
    return refused
  }

  /** @param next the newest that is open; it may close at this very moment, so its presence is asked again */
  async #replace(id: string, key: string, next: string | undefined): Promise<void> {
    const redis = this.#redis
    for (let newest = next; newest !== undefined; [newest] = await redis.zrange(key, 0, '0', 'REV')) {
      await redis.hsetnx(UIDTOFD, id, newest)
      if ((await redis.zscore(key, newest)) !== null) return
      if (!(await removeNewest(redis, id, newest))) return
    }
  }
}
