import { OK, RedisError, Status } from '../../Resp'
import type { CommandTable, Context } from '../Command'
import { compileGlob } from '../Glob'
import { scan } from '../Scan'

export const keyCommands: CommandTable = {
  DEL: { arity: -2, run: deleteAll },
  // Freeing is the garbage collector's work, so there is nothing to do later.
  UNLINK: { arity: -2, run: deleteAll },
  EXISTS: {
    arity: -2,
    run: ({ space }, keys) => keys.filter((key) => space.get(key) !== undefined).length,
  },
  TYPE: { arity: 2, run: ({ space }, [key = '']) => new Status(space.get(key)?.type ?? 'none') },
  KEYS: { arity: 2, run: ({ space }, [pattern = '']) => [...space.keys()].filter(compileGlob(pattern)) },
  SCAN: { arity: -2, run: ({ space }, args) => scan(args, names(space.keys()), (key) => space.get(key)?.type) },
  RENAME: {
    arity: 3,
    run: ({ space }, [from = '', to = '']) => {
      const value = space.get(from)
      if (value === undefined) throw new RedisError('ERR no such key')
      if (from === to) return OK
      const expiry = space.expiryOf(from)
      space.delete(from)
      space.put(to, value)
      space.setExpiry(to, expiry)
      return OK
    },
  },
}

function deleteAll({ space }: Context, keys: readonly string[]): number {
  return keys.filter((key) => space.delete(key)).length
}

function* names(keys: Iterable<string>): Generator<[string]> {
  for (const key of keys) yield [key]
}
