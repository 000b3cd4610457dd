import { type Answer, RedisError } from '../../Resp'
import { clampRange, float, formatFloat, integer, pairs, syntaxError } from '../Arguments'
import type { CommandTable, Context } from '../Command'
import { parseScoreRange, parseZRange, type ZRange } from '../Ranges'
import { SortedSet } from '../SortedSet'

export const sortedSetCommands: CommandTable = {
  ZADD: { arity: -4, run: add },
  ZREM: {
    arity: -3,
    run: ({ space }, [key = '', ...members]) => {
      const set = space.find(key, SortedSet)
      const removed = members.filter((member) => set?.delete(member)).length
      if (removed > 0) space.changed(key)
      return removed
    },
  },
  ZSCORE: {
    arity: 3,
    run: ({ space }, [key = '', member = '']) => {
      const score = space.find(key, SortedSet)?.score(member)
      return score === undefined ? null : formatFloat(score)
    },
  },
  ZCARD: { arity: 2, run: ({ space }, [key = '']) => space.find(key, SortedSet)?.size ?? 0 },
  ZCOUNT: {
    arity: 4,
    run: ({ space }, [key = '', min, max]) => {
      const range = parseScoreRange(min, max)
      const [start, end] = space.find(key, SortedSet)?.ranks(...range) ?? [0, 0]
      return end - start
    },
  },
  ZRANGE: { arity: -4, run: (context, [key = '', ...args]) => range(context, key, parseZRange(args)) },
  ZREVRANGE: {
    arity: -4,
    run: (context, [key = '', ...args]) => range(context, key, parseZRange(args, { isReversed: true })),
  },
  ZRANGEBYSCORE: {
    arity: -4,
    run: (context, [key = '', ...args]) => range(context, key, parseZRange(args, { isByScore: true })),
  },
  ZREVRANGEBYSCORE: {
    arity: -4,
    run: (context, [key = '', ...args]) =>
      range(context, key, parseZRange(args, { isByScore: true, isReversed: true })),
  },
  ZREMRANGEBYSCORE: {
    arity: 4,
    run: (context, [key = '', min, max]) => {
      const range = parseScoreRange(min, max)
      return removeRanks(context, key, (set) => set.ranks(...range))
    },
  },
  ZREMRANGEBYRANK: {
    arity: 4,
    run: (context, [key = '', first, last]) => {
      const [from, to] = [integer(first), integer(last)]
      return removeRanks(context, key, (set) => clampRange(from, to, set.size))
    },
  },
}

function range({ space }: Context, key: string, { select, withScores }: ZRange): Answer {
  const set = space.find(key, SortedSet)
  const found = set === undefined ? [] : select(set)
  return found.flatMap(({ member, score }) => (withScores ? [member, formatFloat(score)] : [member]))
}

function removeRanks(
  { space }: Context,
  key: string,
  ranksIn: (set: SortedSet) => [start: number, end: number],
): number {
  const set = space.find(key, SortedSet)
  if (set === undefined) return 0
  const found = set.slice(...ranksIn(set))
  for (const { member } of found) set.delete(member)
  if (found.length > 0) space.changed(key)
  return found.length
}

const ADD_OPTIONS = /^(?:NX|XX|GT|LT|CH|INCR)$/

function add({ space }: Context, [key = '', ...args]: readonly string[]): Answer {
  const words = args.map((arg) => arg.toUpperCase())
  const firstScore = words.findIndex((word) => !ADD_OPTIONS.test(word))
  const options = new Set(firstScore === -1 ? words : words.slice(0, firstScore))
  const elements = firstScore === -1 ? [] : args.slice(firstScore)
  checkAddOptions(options, elements.length)
  const wanted = pairs(elements).map(([score, member]) => ({ score: float(score), member }))

  const known = space.find(key, SortedSet)
  const set = known ?? new SortedSet()
  let added = 0
  let updated = 0
  let incremented: number | undefined
  for (const { score, member } of wanted) {
    const before = set.score(member)
    const after = options.has('INCR') ? (before ?? 0) + score : score
    if (Number.isNaN(after)) throw new RedisError('ERR resulting score is not a number (NaN)')
    if (!allows(options, before, after)) continue
    incremented = after
    if (before === after) continue
    set.set(member, after)
    if (before === undefined) added++
    else updated++
  }
  if (known === undefined && !set.isEmpty) space.put(key, set)
  else if (added + updated > 0) space.changed(key)
  if (options.has('INCR')) return incremented === undefined ? null : formatFloat(incremented)
  return options.has('CH') ? added + updated : added
}

function checkAddOptions(options: ReadonlySet<string>, elements: number): void {
  if (elements === 0 || elements % 2 !== 0) throw syntaxError()
  if (options.has('NX') && options.has('XX')) {
    throw new RedisError('ERR XX and NX options at the same time are not compatible')
  }
  if (Number(options.has('NX')) + Number(options.has('GT')) + Number(options.has('LT')) > 1) {
    throw new RedisError('ERR GT, LT, and/or NX options at the same time are not compatible')
  }
  if (options.has('INCR') && elements > 2) {
    throw new RedisError('ERR INCR option supports a single increment-element pair')
  }
}

function allows(options: ReadonlySet<string>, before: number | undefined, after: number): boolean {
  if (before === undefined) return !options.has('XX')
  return !options.has('NX') && !(options.has('GT') && after <= before) && !(options.has('LT') && after >= before)
}
