import { type Answer, NIL_ARRAY, OK } from '../../Resp'
import { clampRange, integer, positiveCount } from '../Arguments'
import type { CommandTable, Context } from '../Command'
import { List } from '../Values'

export const listCommands: CommandTable = {
  LPUSH: { arity: -3, run: (context, [key = '', ...items]) => prepend(context, key, items) },
  RPUSH: { arity: -3, run: (context, [key = '', ...items]) => append(context, key, items) },
  LPOP: { arity: -2, run: (context, args) => pop(context, args, (items, count) => items.splice(0, count)) },
  RPOP: {
    arity: -2,
    run: (context, args) => pop(context, args, (items, count) => items.splice(-count, count).reverse()),
  },
  LLEN: { arity: 2, run: ({ space }, [key = '']) => space.find(key, List)?.items.length ?? 0 },
  LRANGE: {
    arity: 4,
    run: ({ space }, [key = '', first, last]) => {
      const [from, to] = [integer(first), integer(last)]
      const items = space.find(key, List)?.items ?? []
      return items.slice(...clampRange(from, to, items.length))
    },
  },
  LTRIM: {
    arity: 4,
    run: ({ space }, [key = '', first, last]) => {
      const [from, to] = [integer(first), integer(last)]
      const list = space.find(key, List)
      if (list === undefined) return OK
      list.items = list.items.slice(...clampRange(from, to, list.items.length))
      space.changed(key)
      return OK
    },
  },
}

function append({ space }: Context, key: string, items: readonly string[]): number {
  const list = space.find(key, List) ?? space.put(key, new List())
  for (const item of items) list.items.push(item)
  space.changed(key)
  return list.items.length
}

/** One after the other, so that the last one ends up in front. */
function prepend({ space }: Context, key: string, items: readonly string[]): number {
  const list = space.find(key, List) ?? space.put(key, new List())
  list.items = [...items].reverse().concat(list.items)
  space.changed(key)
  return list.items.length
}

function pop(
  { space }: Context,
  [key = '', count]: readonly string[],
  take: (items: string[], count: number) => string[],
): Answer {
  const wanted = count === undefined ? 1 : positiveCount(count)
  const list = space.find(key, List)
  if (list === undefined) return count === undefined ? null : NIL_ARRAY
  const items = wanted === 0 ? [] : take(list.items, wanted)
  if (items.length > 0) space.changed(key)
  return count === undefined ? (items[0] ?? null) : items
}
