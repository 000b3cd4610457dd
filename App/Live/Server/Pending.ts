import { Cache, Encrypt, refuse } from 'mswoole-ts'
import { z } from 'zod'
import { live } from '../Config'
import type { Room } from './Name'

const stored = z.object({
  id: z.string(),
  nickname: z.string(),
  say: z.string(),
  userId: z.union([z.string(), z.number()]),
  said: z.number(), // Unix ms
  expires: z.number(), // Unix ms
})

/** A message that awaits review. */
export type Message = z.infer<typeof stored>

/** How many expired messages a new one clears away. */
const SWEEP = 100

/**
 * The messages that await review. One is in its room's hash or it is not: who deletes it there has it, and nobody else does. The
 * sorted sets beside it only tell which are too old, and how many are whose.
 */
export class Pending {
  constructor(private readonly limits = live.pending) {}

  /** @throws the reply 429 tooManyPending when this user, or the whole room, has enough of them */
  async add(room: Room, { nickname, say, userId }: Pick<Message, 'nickname' | 'say' | 'userId'>): Promise<Message> {
    const { ttl, perRoom, perUser } = this.limits
    const said = Date.now()
    const message = { id: Encrypt.md5(Encrypt.randomCode(32)), nickname, say, userId, said, expires: said + ttl * 1000 }
    const { ofUser, ofRoom } = await this.#put(room, message)
    if (ofUser > perUser || ofRoom > perRoom) {
      await this.take(room, message.id)
      refuse(
        429,
        'tooManyPending',
        ofUser > perUser ? '您等待审核的内容过多，请稍后再试' : '等待审核的内容过多，请稍后再试',
      )
    }
    return message
  }

  /** Takes a message out. Of several who take the same one, one gets it; undefined for the others, and for one that has expired. */
  async take(room: Room, id: string): Promise<Message | undefined> {
    const redis = Cache.get('master')
    const [json, deleted] = await Promise.all([
      redis.hget(room.pending, id),
      redis.hdel(room.pending, id),
      redis.zrem(room.expiry, id),
    ])
    if (json === null || deleted === 0) return undefined
    const message = stored.parse(JSON.parse(json))
    await redis.zrem(room.pendingOf(message.userId), id)
    return message.expires > Date.now() ? message : undefined
  }

  /** Oldest first. */
  async all(room: Room): Promise<Message[]> {
    const messages = (await Cache.get('master').hvals(room.pending)).map((json) => stored.parse(JSON.parse(json)))
    return messages.filter(({ expires }) => expires > Date.now()).sort((one, other) => one.said - other.said)
  }

  /** Takes all that there are. */
  async clear(room: Room): Promise<Message[]> {
    const ids = await Cache.get('master').hkeys(room.pending)
    const taken = await Promise.all(ids.map((id) => this.take(room, id)))
    return taken.filter((message) => message !== undefined)
  }

  /** Counted after the message is in, so that of several at once none slips past a bound. */
  async #put(room: Room, { id, userId, said, expires, ...rest }: Message): Promise<{ ofUser: number; ofRoom: number }> {
    const redis = Cache.get('master')
    const own = room.pendingOf(userId)
    const old = await redis.zrangebyscore(room.expiry, '-inf', said, 'LIMIT', 0, SWEEP)
    if (old.length > 0) await Promise.all([redis.hdel(room.pending, ...old), redis.zrem(room.expiry, ...old)])
    const { ttl } = this.limits
    // They go to Redis in this order, in one write.
    const [, , , , , ofUser, , ofRoom] = await Promise.all([
      redis.zadd(room.expiry, expires, id),
      redis.expire(room.expiry, ttl),
      redis.zremrangebyscore(own, '-inf', said),
      redis.zadd(own, expires, id),
      redis.expire(own, ttl),
      redis.zcard(own),
      redis.hset(room.pending, id, JSON.stringify({ id, userId, said, expires, ...rest })),
      redis.hlen(room.pending),
      redis.expire(room.pending, ttl),
    ])
    return { ofUser, ofRoom }
  }
}

/** What of a message is shown to others. */
export const shown = ({ id, nickname, say }: Message) => ({ id, nickname, say })
