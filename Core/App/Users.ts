import type { Redis } from 'ioredis'
import { FDINFO, userFdsKey } from '../Record/Keys'
import type { Clean } from '../Wire/Filter'
import { type Auth, readAuth } from './Auth'
import type { Kernel } from './Kernel'

/** Who is connected, as the record in Redis says. */
export class Users {
  readonly #redis: Redis
  readonly #clean: Clean

  constructor({ redis, clean }: Pick<Kernel, 'redis' | 'clean'>) {
    this.#redis = redis
    this.#clean = clean
  }

  async user(fd: number): Promise<Auth | undefined> {
    return readAuth((await this.#redis.hget(FDINFO, String(fd))) ?? '', this.#clean)
  }

  /** In the order in which they connected. */
  async fds(id: string | number, type: string): Promise<number[]> {
    return (await this.#redis.zrange(userFdsKey(type, id), 0, '-1')).map(Number)
  }

  async isOnline(id: string | number, type: string): Promise<boolean> {
    return (await this.#redis.zcard(userFdsKey(type, id))) > 0
  }

  async members(group: string): Promise<number[]> {
    return (await this.#redis.smembers(group)).map(Number)
  }

  async count(group: string): Promise<number> {
    return this.#redis.scard(group)
  }
}
