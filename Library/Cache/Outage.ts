import type { Redis } from 'ioredis'
import { log } from '../Log/Log'

/**
 * Listens for a client's errors, without which ioredis prints each of them, and logs one line when its Redis goes away and one when
 * it is back, however many times it tries in between.
 */
export function logOutages(client: Redis, name: string): void {
  let since: number | undefined
  let ended = false
  const away = (why: string) => {
    if (since !== undefined || ended) return
    since = performance.now()
    log.error({ cache: name, why }, 'Redis is away')
  }
  client.on('error', (error: Error) => away(reasonOf(error)))
  // 'reconnecting' and not 'close': it comes only where the end was not ours.
  client.on('reconnecting', () => away('connection closed'))
  client.on('ready', () => {
    if (since === undefined) return
    log.info({ cache: name, seconds: Math.round((performance.now() - since) / 100) / 10 }, 'Redis is back')
    since = undefined
  })
  client.on('end', () => {
    ended = true
  })
}

/** The message only: the error of a failed login carries the command, and with it the password. */
export function reasonOf(error: Error): string {
  // All addresses of a name failed: the message of the whole is empty.
  if (error.message === '' && error instanceof AggregateError) return error.errors.map(String).join(', ')
  return error.message
}
