import { type Answer, RedisError } from '../../Resp'
import { integer } from '../Arguments'
import type { CommandTable, Context, Run } from '../Command'
import { expiryTimeOrPast, type TimeUnit } from '../Expiry'

export const expiryCommands: CommandTable = {
  EXPIRE: { arity: -3, run: expire('EX', 'expire') },
  PEXPIRE: { arity: -3, run: expire('PX', 'pexpire') },
  EXPIREAT: { arity: -3, run: expire('EXAT', 'expireat') },
  PEXPIREAT: { arity: -3, run: expire('PXAT', 'pexpireat') },
  TTL: {
    arity: 2,
    run: (context, [key = '']) => {
      const left = timeLeft(context, key)
      return left < 0 ? left : Math.floor((left + 500) / 1000)
    },
  },
  PTTL: { arity: 2, run: (context, [key = '']) => timeLeft(context, key) },
  PERSIST: {
    arity: 2,
    run: ({ space }, [key = '']) => {
      if (space.expiryOf(key) === undefined) return 0
      space.setExpiry(key, undefined)
      return 1
    },
  },
}

/** Milliseconds; -1: it does not run out, -2: no such key. */
function timeLeft({ space }: Context, key: string): number {
  if (space.get(key) === undefined) return -2
  const at = space.expiryOf(key)
  return at === undefined ? -1 : at - space.now
}

function expire(unit: TimeUnit, command: string): Run {
  return ({ space }, [key = '', amount, ...words]): Answer => {
    const allows = parseConditions(words)
    const at = expiryTimeOrPast(space.now, integer(amount), unit, command)
    if (space.get(key) === undefined || !allows(space.expiryOf(key), at)) return 0
    space.setExpiry(key, at)
    return 1
  }
}

/** NX, XX, GT, LT: whether a key that runs out `before` (undefined: never) may now run out at `at`. */
function parseConditions(words: readonly string[]): (before: number | undefined, at: number) => boolean {
  for (const word of words) {
    if (!/^(?:NX|XX|GT|LT)$/i.test(word)) throw new RedisError(`ERR Unsupported option ${word}`)
  }
  const options = new Set(words.map((word) => word.toUpperCase()))
  if (options.has('NX') && options.size > 1) {
    throw new RedisError('ERR NX and XX, GT or LT options at the same time are not compatible')
  }
  if (options.has('GT') && options.has('LT')) {
    throw new RedisError('ERR GT and LT options at the same time are not compatible')
  }
  return (before, at) =>
    !(options.has('NX') && before !== undefined) &&
    !(options.has('XX') && before === undefined) &&
    !(options.has('GT') && at <= (before ?? Infinity)) &&
    !(options.has('LT') && at >= (before ?? Infinity))
}
