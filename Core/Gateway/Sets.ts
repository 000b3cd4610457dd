import type { Redis } from 'ioredis'
import { isFd } from '../Record/Keys'

/** Members that Redis is asked for at once: it answers for that many within any time limit. A small set is answered whole. */
const PAGE = 5000

/** @returns the fds in a set; whatever else stands in it is left out @throws StoreAway, and an Error when the key is no set */
export async function readFds(redis: Redis, key: string): Promise<number[]> {
  const fds = new Set<number>() // a set that is resized meanwhile may name one twice
  let cursor = '0'
  do {
    const [next, members] = await redis.sscan(key, cursor, 'COUNT', PAGE)
    for (const member of members) if (isFd(Number(member))) fds.add(Number(member))
    cursor = next
  } while (cursor !== '0')
  return [...fds]
}
