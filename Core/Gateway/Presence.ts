import type { ChainableCommander, Redis } from 'ioredis'
import { FDINFO, UIDTOFD, UIDTOFD_TYPE, userFdsKey } from '../Record/Keys'
import { REMOVE_FD } from '../Record/Scripts'
import type { User } from './Auth'
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
      else if (last !== undefined) await redis.eval(REMOVE_FD.lua, 1, UIDTOFD, id, last)
      last = newest
    }
  }

  async remove({ type, id }: User, fd: number): Promise<void> {
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
}
