import { RedisError } from '../Resp'
import { clampRange, integer, syntaxError, toFloat } from './Arguments'
import type { Bound, Scored, SortedSet } from './SortedSet'

/** What a command of the ZRANGE family asks for. */
export interface ZRange {
  readonly select: (set: SortedSet) => Scored[]
  readonly withScores: boolean
}

interface Options {
  isByScore?: true
  isReversed?: true
  withScores?: true
  limit?: { readonly offset: number; readonly count: number }
}

/**
 * Reads `first last [BYSCORE] [REV] [LIMIT offset count] [WITHSCORES]`. The older commands have BYSCORE or REV in their names: they
 * give it as `fixed` and do not know the words.
 */
export function parseZRange(
  [first = '', last = '', ...words]: readonly string[],
  fixed?: Pick<Options, 'isByScore' | 'isReversed'>,
): ZRange {
  const options = parseOptions(words, fixed)
  const { isByScore, isReversed, limit } = options
  if (limit !== undefined && limit.count !== -1 && !isByScore) {
    throw new RedisError('ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX')
  }
  const select = isByScore ? byScore(first, last, options) : byRank(integer(first), integer(last), isReversed)
  return { select, withScores: options.withScores ?? false }
}

export function parseScoreRange(min = '', max = ''): [min: Bound, max: Bound] {
  return [parseBound(min), parseBound(max)]
}

function parseOptions(words: readonly string[], fixed: Options | undefined): Options {
  const options: Options = { ...fixed }
  for (let index = 0; index < words.length; index++) {
    const word = words[index]?.toUpperCase()
    if (word === 'WITHSCORES') options.withScores = true
    else if (word === 'LIMIT' && index + 2 < words.length) {
      options.limit = { offset: integer(words[++index]), count: integer(words[++index]) }
    } else if (word === 'REV' && fixed === undefined && !options.isReversed) options.isReversed = true
    else if (word === 'BYSCORE' && fixed === undefined && !options.isByScore) options.isByScore = true
    else if (word === 'BYLEX' && fixed === undefined) {
      throw new RedisError('ERR BYLEX is not in the embedded store; set REDIS_URL to use a real Redis')
    } else throw syntaxError()
  }
  return options
}

function byRank(first: number, last: number, isReversed: boolean | undefined): ZRange['select'] {
  return (set) => {
    const [start, end] = clampRange(first, last, set.size)
    return isReversed ? set.slice(set.size - end, set.size - start).reverse() : set.slice(start, end)
  }
}

function byScore(first: string, last: string, { isReversed, limit }: Options): ZRange['select'] {
  const range = isReversed ? parseScoreRange(last, first) : parseScoreRange(first, last)
  return (set) => {
    const found = set.slice(...set.ranks(...range))
    if (isReversed) found.reverse()
    if (limit === undefined) return found
    if (limit.offset < 0) return []
    return found.slice(limit.offset, limit.count < 0 ? undefined : limit.offset + limit.count)
  }
}

function parseBound(text: string): Bound {
  const exclusive = text.startsWith('(')
  // Redis reads an empty bound as 0.
  const score = toFloat((exclusive ? text.slice(1) : text) || '0')
  if (score === undefined) throw new RedisError('ERR min or max is not a float')
  return { score, exclusive }
}
