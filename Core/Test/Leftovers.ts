import type { Redis } from 'ioredis'
import { closeKeysKey, controllersKey } from '../Record/Keys'

/** Keys that are asked for at once. */
const COUNT = 1000

/**
 * Looks through the whole store for an fd: as the member of a set or a list, as a field or a value of a hash, as a value, and in the
 * names of keys.
 * @param prefix that the client puts before keys
 * @returns the keys, sorted
 */
export async function findFd(redis: Redis, prefix: string, fd: number): Promise<string[]> {
  const own = new Set([closeKeysKey(fd), controllersKey(fd)])
  const found = new Set<string>()
  let cursor = '0'
  do {
    const [next, names] = await redis.scan(cursor, 'COUNT', COUNT)
    cursor = next
    for (const name of names) {
      if (!name.startsWith(prefix)) continue
      const key = name.slice(prefix.length)
      if (own.has(key) || (await holds(redis, key, String(fd)))) found.add(key)
    }
  } while (cursor !== '0')
  return [...found].sort()
}

async function holds(redis: Redis, key: string, fd: string): Promise<boolean> {
  switch (await redis.type(key)) {
    case 'set':
      return (await redis.sismember(key, fd)) === 1
    case 'zset':
      return (await redis.zscore(key, fd)) !== null
    case 'hash':
      return (await redis.hexists(key, fd)) === 1 || (await redis.hvals(key)).includes(fd)
    case 'list':
      return (await redis.lrange(key, 0, -1)).includes(fd)
    case 'string':
      return (await redis.get(key)) === fd
    default:
      return false
  }
}
