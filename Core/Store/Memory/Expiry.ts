import { RedisError } from '../Resp'

/** Redis keeps times in 64 bit milliseconds; a double holds fewer exactly, and nobody asks for the year 287,000. */
const MAX_TIME = Number.MAX_SAFE_INTEGER

export type TimeUnit = 'EX' | 'PX' | 'EXAT' | 'PXAT'

/** The moment, in milliseconds since 1970, that an option of SET means. It may not lie at or before the beginning of time. */
export function expiryTime(now: number, amount: number, unit: TimeUnit, command: string): number {
  if (amount <= 0) throw invalidExpiry(command)
  return expiryTimeOrPast(now, amount, unit, command)
}

/** The same for EXPIRE, where a time that has passed means: delete. */
export function expiryTimeOrPast(now: number, amount: number, unit: TimeUnit, command: string): number {
  const millis = unit.startsWith('EX') ? amount * 1000 : amount
  const at = unit.endsWith('AT') ? millis : now + millis
  if (Math.abs(at) > MAX_TIME) throw invalidExpiry(command)
  return at
}

function invalidExpiry(command: string): RedisError {
  return new RedisError(`ERR invalid expire time in '${command}' command`)
}
