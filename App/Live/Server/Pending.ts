import { Cache, Encrypt } from 'mswoole-ts'
import { z } from 'zod'

const stored = z.object({
  id: z.string(),
  nickname: z.string(),
  say: z.string(),
  userId: z.union([z.string(), z.number()]),
})

/** A message that awaits review. */
export type Message = z.infer<typeof stored>

/** The messages of a room that await review: a Redis hash, id to JSON. */
export class Pending {
  async add(key: string, message: Omit<Message, 'id'>): Promise<Message> {
    const added = { id: Encrypt.md5(Encrypt.randomCode(32)), ...message }
    await Cache.get('master').hset(key, added.id, JSON.stringify(added))
    return added
  }

  /** Takes a message out. Of two who take the same one, one gets it and the other undefined. */
  async take(key: string, id: string): Promise<Message | undefined> {
    const redis = Cache.get('master')
    const json = await redis.hget(key, id)
    if (json === null || (await redis.hdel(key, id)) === 0) return undefined
    return stored.parse(JSON.parse(json))
  }

  async all(key: string): Promise<Message[]> {
    const messages = await Cache.get('master').hvals(key)
    return messages.map((json) => stored.parse(JSON.parse(json)))
  }

  async clear(key: string): Promise<void> {
    await Cache.get('master').del(key)
  }
}

/** What of a message is shown to others. */
export const shown = ({ id, nickname, say }: Message) => ({ id, nickname, say })
