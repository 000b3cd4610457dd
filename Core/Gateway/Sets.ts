import type { Redis } from 'ioredis'
import { log } from '../../Library/Log/Log'
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

/** One key that others have filled with something else must not keep the rest from being put on record. @throws StoreAway */
export async function addFd(redis: Redis, key: string, fd: number): Promise<void> {
  try {
    await redis.sadd(key, fd)
  } catch (error) {
    if (!isNoSet(error)) throw error
    log.warn({ group: key, fd }, 'the key of a group is no Redis set any more; the fd cannot stand in it')
  }
}

export const isNoSet = (error: unknown) => error instanceof Error && error.message.startsWith('WRONGTYPE')
