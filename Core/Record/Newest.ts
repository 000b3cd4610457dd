import type { Redis } from 'ioredis'
import { UIDTOFD } from './Keys'
import { REMOVE_FDS } from './Scripts'

/** Takes a user out of UIDTOFD if that fd is still his newest. @returns whether it was @throws StoreAway */
export async function removeNewest(redis: Redis, id: string | number, fd: string | number): Promise<boolean> {
  const gone = await redis.eval(REMOVE_FDS.lua, REMOVE_FDS.keys, UIDTOFD, id, fd)
  return Array.isArray(gone) && gone.length > 0
}
