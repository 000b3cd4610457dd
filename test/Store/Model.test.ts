import { type Arbitrary, array, assert, asyncProperty, constant, constantFrom, oneof, tuple } from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openMemory, openRedis, type Server } from './servers'
import { RawClient, type Wire } from './wire'

const key = constantFrom('a', 'b', 'c', 'd')
const member = constantFrom('x', 'y', 'z', '', '你', '\xff\x00')
const number = constantFrom('0', '1', '-1', '2', '-2', '7', '-7', '100')
const oddNumber = constantFrom('1.5', 'abc', '', '01', '+1', '9223372036854775807', '-9223372036854775808', '1e2')
const score = constantFrom('0', '1', '-1', '2', '0.5', '-2.5', '1e2', 'inf', '-inf', '+inf', 'nan', 'abc', '')
const finite = constantFrom('0', '1', '-1', '2', '0.5', '-2.5')
const bound = oneof(
  score,
  score.map((text) => `(${text}`),
)
const integer = oneof({ weight: 6, arbitrary: number }, { weight: 1, arbitrary: oddNumber })
const future = constantFrom('4102444800000', '4102444800001', '-1', '0', 'abc')

type Part = string | Arbitrary<string> | Arbitrary<string[]>
type Words = string[]

const command = (...parts: Part[]): Arbitrary<Words> =>
  tuple(...parts.map((part): Arbitrary<string | string[]> => (typeof part === 'string' ? constant(part) : part))).map(
    (words) => words.flat(),
  )
const some = (part: Arbitrary<string>, maxLength = 4) => array(part, { maxLength })
const optional = (...words: string[]) => array(constantFrom(...words), { maxLength: 2 })
const pairsOf = (first: Arbitrary<string>, second: Arbitrary<string>) =>
  array(tuple(first, second), { maxLength: 3 }).map((all): string[] => all.flat())

const keys = [
  command(constantFrom('DEL', 'UNLINK', 'EXISTS'), some(key)),
  command('TYPE', key),
  command('KEYS', constantFrom('*', '[ab]', '?', '[^a]', 'x*')),
  command('SCAN', '0', 'COUNT', '1000', 'TYPE', constantFrom('set', 'hash', 'string', 'zset', 'list')),
  command('RENAME', key, key),
  command('PEXPIREAT', key, future, optional('NX', 'XX', 'GT', 'LT', 'OR')),
  command('PERSIST', key),
  command(constantFrom('TTL', 'PTTL'), key),
  command(constantFrom('PING', 'DBSIZE')),
  command('PUBLISH', key, member),
]

const byType = {
  strings: [
    command('GET', key),
    command('SET', key, integer, optional('NX', 'XX', 'GET', 'KEEPTTL')),
    command('SET', key, member, constantFrom('PXAT', 'EX'), future),
    command('SETNX', key, member),
    command('MGET', some(key)),
    command('MSET', some(key)),
    command('GETDEL', key),
    command(constantFrom('INCR', 'DECR'), key),
    command(constantFrom('INCRBY', 'DECRBY'), key, integer),
    command('APPEND', key, oneof(member, number)),
    command('STRLEN', key),
  ],
  hashes: [
    command(constantFrom('HSET', 'HMSET'), key, pairsOf(member, integer)),
    command(constantFrom('HSET', 'HMSET'), key, some(member)),
    command('HSETNX', key, member, member),
    command('HGET', key, member),
    command('HMGET', key, some(member)),
    command('HDEL', key, some(member)),
    command(constantFrom('HGETALL', 'HKEYS', 'HVALS', 'HLEN'), key),
    command('HEXISTS', key, member),
    command('HINCRBY', key, member, integer),
    command('HSCAN', key, '0', 'MATCH', constantFrom('*', 'x', '?')),
  ],
  sets: [
    command('SADD', key, some(oneof(member, number))),
    command('SADD', key, some(member)),
    command(constantFrom('SREM', 'SMISMEMBER'), key, some(oneof(member, number))),
    command(constantFrom('SMEMBERS', 'SCARD'), key),
    command('SISMEMBER', key, member),
    command(constantFrom('SINTER', 'SUNION', 'SDIFF'), some(key)),
    command('SSCAN', key, '0', 'COUNT', '1000'),
    command('SPOP', key, '100'),
  ],
  'sorted sets': [
    command('ZADD', key, pairsOf(finite, member)),
    command('ZADD', key, optional('NX', 'XX', 'GT', 'LT', 'CH', 'INCR'), pairsOf(score, member)),
    command('ZADD', key, some(oneof(score, member))),
    command('ZREM', key, some(member)),
    command('ZSCORE', key, member),
    command('ZCARD', key),
    command('ZRANGE', key, integer, integer, optional('REV', 'WITHSCORES', 'BYSCORE')),
    command('ZRANGE', key, bound, bound, 'BYSCORE', optional('REV', 'WITHSCORES'), 'LIMIT', integer, integer),
    command('ZREVRANGE', key, integer, integer, optional('WITHSCORES')),
    command(constantFrom('ZRANGEBYSCORE', 'ZREVRANGEBYSCORE'), key, bound, bound, optional('WITHSCORES', 'LIMIT')),
    command('ZRANGEBYSCORE', key, bound, bound, 'LIMIT', number, number),
    command(constantFrom('ZREMRANGEBYSCORE', 'ZCOUNT'), key, bound, bound),
    command('ZREMRANGEBYRANK', key, integer, integer),
  ],
  lists: [
    command(constantFrom('LPUSH', 'RPUSH'), key, some(member)),
    command(constantFrom('LPUSH', 'RPUSH'), key, some(number)),
    command(constantFrom('LPOP', 'RPOP'), key, some(integer, 1)),
    command(constantFrom('LRANGE', 'LTRIM'), key, integer, integer),
    command('LRANGE', key, '0', '-1'),
    command('LLEN', key),
  ],
}

const anyCommand = oneof(...keys, ...Object.values(byType).flat())
const sequences = Object.entries(byType).map(([type, commands]): [string, Arbitrary<Words[]>] => [
  type,
  sequenceOf(
    oneof(
      { weight: 12, arbitrary: oneof(...commands) },
      { weight: 3, arbitrary: oneof(...keys) },
      { weight: 1, arbitrary: anyCommand },
    ),
  ),
])
const transactions = sequenceOf(
  oneof(
    { weight: 4, arbitrary: oneof(...byType.strings, ...byType.sets) },
    { weight: 2, arbitrary: command(constantFrom('MULTI', 'EXEC')) },
    { weight: 1, arbitrary: oneof(command('WATCH', some(key)), command(constantFrom('DISCARD', 'UNWATCH'))) },
    { weight: 1, arbitrary: anyCommand },
  ),
)

function sequenceOf(commands: Arbitrary<Words>): Arbitrary<Words[]> {
  return array(commands, { minLength: 1, maxLength: 60, size: 'max' })
}

const UNORDERED = new Set(['KEYS', 'SPOP', 'SMEMBERS', 'SINTER', 'SUNION', 'SDIFF', 'HKEYS', 'HVALS'])

/** The same answer in the same form, where Redis leaves order or time open. */
function normalize(name: string | undefined, answer: Wire): Wire {
  if (name === undefined) return answer
  // In a transaction the name of each answer's command is not at hand, so all arrays in it are sorted.
  if (name === 'EXEC' && Array.isArray(answer))
    return answer.map((one) => normalize(Array.isArray(one) ? 'KEYS' : 'TTL', one))
  if (typeof answer === 'string') return /P?TTL/.test(name) ? answer.replace(/^:\d{9,}$/, ':future') : answer
  if (name === 'HGETALL') return sorted(inPairs(answer))
  if (name === 'HSCAN') return answer.map((part) => (Array.isArray(part) ? sorted(inPairs(part)) : part))
  if (name === 'SCAN' || name === 'SSCAN') return answer.map((part) => (Array.isArray(part) ? sorted(part) : part))
  return UNORDERED.has(name) ? sorted(answer) : answer
}

function sorted(answers: Wire[]): Wire[] {
  return answers.map((answer) => (Array.isArray(answer) ? JSON.stringify(sorted(answer)) : answer)).sort()
}

function inPairs(answers: Wire[]): Wire[] {
  return answers.flatMap((answer, index) =>
    index % 2 === 0 ? [JSON.stringify([answer, answers[index + 1] ?? ''])] : [],
  )
}

let servers: [memory: Server, redis: Server]
let clients: [memory: RawClient, redis: RawClient]
beforeAll(async () => {
  servers = [await openMemory([]), await openRedis([])]
  clients = [await RawClient.connect(servers[0]), await RawClient.connect(servers[1])]
})
afterAll(async () => {
  for (const client of clients) client.close()
  for (const server of servers) await server.close()
})

it.each([...sequences, ['transactions', transactions], ['everything', sequenceOf(anyCommand)]])(
  'memory and redis-server answer any sequence of commands byte for byte alike: %s',
  async (_, commands) => {
    await assert(
      asyncProperty(commands, async (sequence) => {
        // Whatever state the last sequence left: no transaction, no watch, no data.
        const all = [['DISCARD'], ['UNWATCH'], ['FLUSHALL'], ...sequence]
        const [memory, redis] = await Promise.all(clients.map((client) => client.ask(...all)))
        const describe = (answers: Wire[] | undefined) =>
          all.slice(1).map((words, index) => [words.join(' '), normalize(words[0], answers?.[index + 1] ?? 'nothing')])
        expect(describe(memory)).toEqual(describe(redis))
      }),
      // RUNS=20000 for a long search.
      { numRuns: Number(process.env.RUNS ?? 300) },
    )
  },
)
