import { type Answer, OK, RedisError } from '../../Resp'
import { bigInteger, fits, pairs, toBigInt, wrongCount } from '../Arguments'
import type { CommandTable, Context } from '../Command'
import { scan } from '../Scan'
import { Hash } from '../Values'

export const hashCommands: CommandTable = {
  HSET: { arity: -4, run: (context, args) => setFields(context, args, 'hset') },
  HMSET: {
    arity: -4,
    run: (context, args) => {
      setFields(context, args, 'hmset')
      return OK
    },
  },
  HSETNX: {
    arity: 4,
    run: (context, [key = '', field = '', value = '']) => {
      if (fieldsOf(context, key).has(field)) return 0
      return setFields(context, [key, field, value], 'hsetnx')
    },
  },
  HGET: { arity: 3, run: (context, [key = '', field = '']) => fieldsOf(context, key).get(field) ?? null },
  HMGET: {
    arity: -3,
    run: (context, [key = '', ...names]) => {
      const fields = fieldsOf(context, key)
      return names.map((name) => fields.get(name) ?? null)
    },
  },
  HDEL: {
    arity: -3,
    run: ({ space }, [key = '', ...names]) => {
      const hash = space.find(key, Hash)
      const deleted = names.filter((name) => hash?.fields.delete(name)).length
      if (deleted > 0) space.changed(key)
      return deleted
    },
  },
  HGETALL: { arity: 2, run: (context, [key = '']) => [...fieldsOf(context, key)].flat() },
  HKEYS: { arity: 2, run: (context, [key = '']) => [...fieldsOf(context, key).keys()] },
  HVALS: { arity: 2, run: (context, [key = '']) => [...fieldsOf(context, key).values()] },
  HLEN: { arity: 2, run: (context, [key = '']) => fieldsOf(context, key).size },
  HEXISTS: { arity: 3, run: (context, [key = '', field = '']) => (fieldsOf(context, key).has(field) ? 1 : 0) },
  HINCRBY: { arity: 4, run: increment },
  HSCAN: { arity: -3, run: (context, [key = '', ...args]) => scan(args, fieldsOf(context, key)) },
}

const NO_FIELDS: ReadonlyMap<string, string> = new Map()

function fieldsOf({ space }: Context, key: string): ReadonlyMap<string, string> {
  return space.find(key, Hash)?.fields ?? NO_FIELDS
}

/** Returns how many fields are new. */
function setFields({ space }: Context, [key = '', ...args]: readonly string[], command: string): number {
  if (args.length % 2 !== 0) throw wrongCount(command)
  const { fields } = space.find(key, Hash) ?? space.put(key, new Hash())
  const before = fields.size
  for (const [field, value] of pairs(args)) fields.set(field, value)
  space.changed(key)
  return fields.size - before
}

function increment(context: Context, [key = '', field = '', by]: readonly string[]): Answer {
  const amount = bigInteger(by)
  const before = toBigInt(fieldsOf(context, key).get(field) ?? '0')
  if (before === undefined) throw new RedisError('ERR hash value is not an integer')
  const after = before + amount
  if (!fits(after)) throw new RedisError('ERR increment or decrement would overflow')
  setFields(context, [key, field, String(after)], 'hincrby')
  return after
}
