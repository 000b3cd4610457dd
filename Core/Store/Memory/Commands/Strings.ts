import { type Answer, OK, RedisError } from '../../Resp'
import { bigInteger, fits, integer, notAnInteger, pairs, syntaxError, toBigInt, wrongCount } from '../Arguments'
import type { CommandTable, Context } from '../Command'
import { expiryTime } from '../Expiry'
import { Text } from '../Values'

/** What one request can carry. */
const MAX_TEXT = 64 * 1024 * 1024

export const stringCommands: CommandTable = {
  GET: { arity: 2, run: ({ space }, [key = '']) => space.find(key, Text)?.bytes ?? null },
  SET: { arity: -3, run: set },
  SETNX: {
    arity: 3,
    run: ({ space }, [key = '', value = '']) => {
      if (space.get(key) !== undefined) return 0
      space.put(key, new Text(value))
      return 1
    },
  },
  SETEX: {
    arity: 4,
    run: (context, [key = '', seconds = '', value = '']) => setFor(context, key, value, seconds, 'EX'),
  },
  PSETEX: {
    arity: 4,
    run: (context, [key = '', millis = '', value = '']) => setFor(context, key, value, millis, 'PX'),
  },
  MGET: { arity: -2, run: ({ space }, keys) => keys.map((key) => textOrNull(space.get(key))) },
  MSET: {
    arity: -3,
    run: (context, args) => {
      if (args.length % 2 !== 0) throw wrongCount('mset')
      for (const [key, value] of pairs(args)) overwrite(context, key, value, undefined)
      return OK
    },
  },
  GETDEL: {
    arity: 2,
    run: ({ space }, [key = '']) => {
      const value = space.find(key, Text)?.bytes ?? null
      space.delete(key)
      return value
    },
  },
  INCR: { arity: 2, run: (context, [key = '']) => add(context, key, 1n) },
  DECR: { arity: 2, run: (context, [key = '']) => add(context, key, -1n) },
  INCRBY: { arity: 3, run: (context, [key = '', by]) => add(context, key, bigInteger(by)) },
  DECRBY: {
    arity: 3,
    run: (context, [key = '', by]) => {
      const amount = -bigInteger(by)
      if (!fits(amount)) throw new RedisError('ERR decrement would overflow')
      return add(context, key, amount)
    },
  },
  APPEND: {
    arity: 3,
    run: ({ space }, [key = '', more = '']) => {
      const before = space.find(key, Text)?.bytes ?? ''
      if (before.length + more.length > MAX_TEXT) {
        throw new RedisError('ERR string exceeds maximum allowed size (proto-max-bulk-len)')
      }
      space.put(key, new Text(before + more))
      return before.length + more.length
    },
  },
  STRLEN: { arity: 2, run: ({ space }, [key = '']) => space.find(key, Text)?.bytes.length ?? 0 },
}

interface SetOptions {
  condition?: 'NX' | 'XX'
  keepTtl?: true
  get?: true
  expiry?: { unit: 'EX' | 'PX' | 'EXAT' | 'PXAT'; amount: number }
}

function set(context: Context, [key = '', value = '', ...rest]: readonly string[]): Answer {
  const { space } = context
  const options = parseSetOptions(rest)
  const expiresAt = options.expiry && expiryTime(space.now, options.expiry.amount, options.expiry.unit, 'set')
  const before = options.get ? (space.find(key, Text)?.bytes ?? null) : OK
  if (options.condition !== undefined && (space.get(key) !== undefined) !== (options.condition === 'XX')) {
    return options.get ? before : null
  }
  overwrite(context, key, value, options.keepTtl ? space.expiryOf(key) : expiresAt)
  return before
}

function parseSetOptions(words: readonly string[]): SetOptions {
  const options: SetOptions = {}
  for (let index = 0; index < words.length; index++) {
    const word = words[index]?.toUpperCase()
    if ((word === 'NX' || word === 'XX') && (options.condition ?? word) === word) options.condition = word
    else if (word === 'GET') options.get = true
    else if (word === 'KEEPTTL' && options.expiry === undefined) options.keepTtl = true
    else if (
      (word === 'EX' || word === 'PX' || word === 'EXAT' || word === 'PXAT') &&
      options.expiry === undefined &&
      !options.keepTtl &&
      index + 1 < words.length
    )
      options.expiry = { unit: word, amount: integer(words[++index]) }
    else throw syntaxError()
  }
  return options
}

function setFor(context: Context, key: string, value: string, amount: string, unit: 'EX' | 'PX'): Answer {
  const command = unit === 'EX' ? 'setex' : 'psetex'
  overwrite(context, key, value, expiryTime(context.space.now, integer(amount), unit, command))
  return OK
}

function overwrite({ space }: Context, key: string, value: string, expiresAt: number | undefined): void {
  space.put(key, new Text(value))
  space.setExpiry(key, expiresAt)
}

function textOrNull(value: unknown): string | null {
  return value instanceof Text ? value.bytes : null
}

function add({ space }: Context, key: string, amount: bigint): Answer {
  const before = toBigInt(space.find(key, Text)?.bytes ?? '0')
  if (before === undefined) throw notAnInteger()
  const after = before + amount
  if (!fits(after)) throw new RedisError('ERR increment or decrement would overflow')
  space.put(key, new Text(String(after)))
  return after
}
