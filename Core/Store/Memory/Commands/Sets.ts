import { type Answer, RedisError } from '../../Resp'
import { integer, positiveCount, syntaxError } from '../Arguments'
import type { CommandTable, Context } from '../Command'
import { scan } from '../Scan'
import { Members } from '../Values'

export const setCommands: CommandTable = {
  SADD: {
    arity: -3,
    run: ({ space }, [key = '', ...members]) => {
      const { all } = space.find(key, Members) ?? space.put(key, new Members())
      const before = all.size
      for (const member of members) all.add(member)
      if (all.size > before) space.changed(key)
      return all.size - before
    },
  },
  SREM: { arity: -3, run: (context, [key = '', ...members]) => remove(context, key, members) },
  SMEMBERS: { arity: 2, run: (context, [key = '']) => [...membersOf(context, key)] },
  SISMEMBER: { arity: 3, run: (context, [key = '', member = '']) => (membersOf(context, key).has(member) ? 1 : 0) },
  SMISMEMBER: {
    arity: -3,
    run: (context, [key = '', ...members]) => {
      const all = membersOf(context, key)
      return members.map((member) => (all.has(member) ? 1 : 0))
    },
  },
  SCARD: { arity: 2, run: (context, [key = '']) => membersOf(context, key).size },
  SPOP: { arity: -2, run: pop },
  SRANDMEMBER: { arity: -2, run: randomMembers },
  SSCAN: { arity: -3, run: (context, [key = '', ...args]) => scan(args, names(membersOf(context, key))) },
  SINTER: { arity: -2, run: (context, keys) => combine(context, keys, (others, member) => others.every(has(member))) },
  SDIFF: { arity: -2, run: (context, keys) => combine(context, keys, (others, member) => !others.some(has(member))) },
  SUNION: {
    arity: -2,
    run: (context, keys) => [...new Set(keys.flatMap((key) => [...membersOf(context, key)]))],
  },
}

const NO_MEMBERS: ReadonlySet<string> = new Set()

function membersOf({ space }: Context, key: string): ReadonlySet<string> {
  return space.find(key, Members)?.all ?? NO_MEMBERS
}

function remove({ space }: Context, key: string, members: readonly string[]): number {
  const all = space.find(key, Members)?.all
  const removed = members.filter((member) => all?.delete(member)).length
  if (removed > 0) space.changed(key)
  return removed
}

/** Those of the first key for which `isWanted` holds against the sets of the other keys. */
function combine(
  context: Context,
  keys: readonly string[],
  isWanted: (others: readonly ReadonlySet<string>[], member: string) => boolean,
): Answer {
  const [first = NO_MEMBERS, ...others] = keys.map((key) => membersOf(context, key))
  return [...first].filter((member) => isWanted(others, member))
}

function has(member: string): (set: ReadonlySet<string>) => boolean {
  return (set) => set.has(member)
}

function pop(context: Context, [key = '', count, ...rest]: readonly string[]): Answer {
  if (rest.length > 0) throw syntaxError()
  const wanted = count === undefined ? 1 : positiveCount(count)
  const popped = sample([...membersOf(context, key)], wanted)
  remove(context, key, popped)
  return count === undefined ? (popped[0] ?? null) : popped
}

/** A negative count allows the same member more than once. */
function randomMembers(context: Context, [key = '', count, ...rest]: readonly string[]): Answer {
  if (rest.length > 0) throw syntaxError()
  const wanted = count === undefined ? 1 : integer(count)
  if (wanted < -MAX_REPEATS) throw new RedisError('ERR value is out of range')
  const all = [...membersOf(context, key)]
  if (count === undefined) return sample(all, 1)[0] ?? null
  if (wanted >= 0) return sample(all, wanted)
  return all.length === 0 ? [] : Array.from({ length: -wanted }, () => sample(all, 1)[0] ?? null)
}

/** Up to `count` different ones. The order of `all` changes. */
function sample(all: string[], count: number): string[] {
  const taken: string[] = []
  const length = Math.min(count, all.length)
  for (let index = 0; index < length; index++) {
    const other = index + Math.floor(Math.random() * (all.length - index))
    const member = all[other] ?? ''
    all[other] = all[index] ?? ''
    all[index] = member
    taken.push(member)
  }
  return taken
}

const MAX_REPEATS = 1024 * 1024

function* names(members: Iterable<string>): Generator<[string]> {
  for (const member of members) yield [member]
}
