import type { Redis } from 'ioredis'
import { Outage, reasonOf } from '../Log/Outage'

/** Listens for a client's errors, without which ioredis prints each of them, and logs when its Redis goes away and when it is back. */
export function logOutages(client: Redis, name: string): void {
  const outage = new Outage('Redis', { cache: name })
  let ended = false
  const away = (why: string) => {
    if (!ended) outage.away(why)
  }
  client.on('error', (error: Error) => away(reasonOf(error)))
  // 'reconnecting' and not 'close': it comes only where the end was not ours.
  client.on('reconnecting', () => away('connection closed'))
  client.on('ready', () => outage.back())
  client.on('end', () => {
    ended = true
  })
}
