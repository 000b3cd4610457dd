import { Cache, refuse } from 'mswoole-ts'
import { live } from '../Config'
import type { Room } from './Name'

/** Keeps a user from saying too much, over however many connections, workers and machines. */
export class Pace {
  constructor(private readonly limits = live.say) {}

  /** @throws the reply 429 sayTooFast */
  async keep(room: Room, userId: string | number): Promise<void> {
    const { messages, seconds } = this.limits
    // A counter for each stretch of time, so that an old one only has to run out.
    const key = room.paceOf(userId, Math.floor(Date.now() / (seconds * 1000)))
    const redis = Cache.get('master')
    const [count] = await Promise.all([redis.incr(key), redis.expire(key, seconds)])
    if (count > messages) refuse(429, 'sayTooFast', '发言过快，请稍后再试', { messages, seconds })
  }
}
