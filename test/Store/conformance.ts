import { once } from 'node:events'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { counterScript, faultyScript, textScript } from './scripts'
import { connect, eventually, type Open, type Server } from './servers'

const WRONG_TYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value'
const NOT_AN_INTEGER = 'ERR value is not an integer or out of range'
const SYNTAX = 'ERR syntax error'

/** How long a key lives that is to be seen alive and then gone, in milliseconds. */
const LIFE_MS = 1500

type Arg = string | number | Buffer
/** One command and what it answers; an Error stands for an error with that text. */
type Step = readonly [command: readonly [name: string, ...args: Arg[]], answer: unknown]

const wrongCount = (command: string) => new Error(`ERR wrong number of arguments for '${command}' command`)

/** What every implementation of the store has to do, as Redis does it. */
export function storeConformance(name: string, open: Open): void {
  describe(name, () => {
    let server: Server
    beforeAll(async () => {
      server = await open([counterScript, textScript, faultyScript])
    })
    afterAll(() => server.close())
    beforeEach(async () => {
      await connect(server).flushall()
    })

    async function follow(steps: readonly Step[], client = connect(server)): Promise<void> {
      for (const [command, answer] of steps) {
        const [name, ...args] = command
        const got: unknown = await client.call(name, ...args).catch((error: Error) => error)
        const what = command.map(String).join(' ')
        if (answer instanceof Error) expect(got, what).toMatchObject({ message: answer.message })
        else expect(got, what).toEqual(answer)
      }
    }

    const follows = (promise: string, steps: readonly Step[]) => it(promise, () => follow(steps))

    describe('connection', () => {
      it('lets ioredis connect with its defaults, and name itself', async () => {
        const client = connect(server, { connectionName: 'somebody' })
        expect(await client.ping()).toBe('PONG')
        expect(await client.client('GETNAME')).toBe('somebody')
        expect(await client.client('ID')).toBeGreaterThan(0)
      })

      follows('answers small talk', [
        [['PING', 'hello'], 'hello'],
        [['PING', 'a', 'b'], wrongCount('ping')],
        [['ECHO', '你好'], '你好'],
        [['ECHO'], wrongCount('echo')],
        [['SELECT', '0'], 'OK'],
        [['SELECT', '1'], new Error('ERR DB index is out of range')],
        [['SELECT', 'x'], new Error(NOT_AN_INTEGER)],
        [['DBSIZE'], 0],
        [['SET', 'a', '1'], 'OK'],
        [['DBSIZE'], 1],
        [['FLUSHDB', 'ASYNC'], 'OK'],
        [['FLUSHALL', 'SLOWLY'], new Error(SYNTAX)],
        [['EXISTS', 'a'], 0],
      ])

      it('tells the time', async () => {
        const before = Date.now()
        const [seconds, micros] = await connect(server).time()
        const told = Number(seconds) * 1000
        expect(told).toBeGreaterThan(before - 2_000)
        expect(told).toBeLessThan(Date.now() + 1_000)
        expect(Number(micros)).toBeLessThan(1_000_000)
      })

      it('answers a pipeline in order, and closes after QUIT', async () => {
        const client = connect(server)
        const pipeline = client.pipeline()
        for (let index = 0; index < 5_000; index++) pipeline.incr('n')
        const answers = await pipeline.exec()
        expect(answers).toEqual(Array.from({ length: 5_000 }, (_, index) => [null, index + 1]))
        const ended = new Promise((resolve) => client.once('end', resolve))
        expect(await client.quit()).toBe('OK')
        await ended
      })

      it('takes 20 MB of answers by a client that asks for all at once', async () => {
        const client = connect(server)
        await client.set('big', 'x'.repeat(1_000_000))
        const answers = await Promise.all(Array.from({ length: 20 }, () => client.get('big')))
        expect(answers.every((answer) => answer?.length === 1_000_000)).toBe(true)
      })
    })

    describe('strings', () => {
      follows('are set and read', [
        [['GET', 'a'], null],
        [['SET', 'a', '1'], 'OK'],
        [['GET', 'a'], '1'],
        [['SETNX', 'a', '2'], 0],
        [['SETNX', 'b', '2'], 1],
        [
          ['MGET', 'a', 'b', 'c'],
          ['1', '2', null],
        ],
        [['MSET', 'c', '3', 'd', '4'], 'OK'],
        [['MSET', 'c', '3', 'd'], wrongCount('mset')],
        [['GETDEL', 'c'], '3'],
        [['GETDEL', 'c'], null],
        [['APPEND', 'd', '56'], 3],
        [['APPEND', 'e', ''], 0],
        [['EXISTS', 'e', 'e', 'c'], 2],
        [['STRLEN', 'd'], 3],
        [['STRLEN', 'none'], 0],
        [['GET'], wrongCount('get')],
        [['gEt', 'a', 'b'], wrongCount('get')],
      ])

      follows('are set under conditions', [
        [['SET', 'a', '1', 'XX'], null],
        [['SET', 'a', '1', 'NX'], 'OK'],
        [['SET', 'a', '2', 'nx'], null],
        [['SET', 'a', '2', 'XX', 'GET'], '1'],
        [['SET', 'a', '3', 'NX', 'GET'], '2'],
        [['SET', 'b', '3', 'NX', 'GET'], null],
        [['GET', 'a'], '2'],
        [['SET', 'a', '3', 'NX', 'XX'], new Error(SYNTAX)],
        [['SET', 'a', '3', 'EX'], new Error(SYNTAX)],
        [['SET', 'a', '3', 'EX', '1', 'PX', '1'], new Error(SYNTAX)],
        [['SET', 'a', '3', 'EX', '1', 'KEEPTTL'], new Error(SYNTAX)],
        [['SET', 'a', '3', 'SOON'], new Error(SYNTAX)],
        [['SET', 'a', '3', 'EX', 'x'], new Error(NOT_AN_INTEGER)],
        [['SET', 'a', '3', 'EX', '0'], new Error("ERR invalid expire time in 'set' command")],
        [['SET', 'a', '3', 'PX', '-1'], new Error("ERR invalid expire time in 'set' command")],
        [['SETEX', 'a', '0', '3'], new Error("ERR invalid expire time in 'setex' command")],
        [['SETEX', 'a', '1.5', '3'], new Error(NOT_AN_INTEGER)],
        [['GET', 'a'], '2'],
      ])

      follows('count with 64 bits', [
        [['INCR', 'n'], 1],
        [['INCRBY', 'n', '41'], 42],
        [['DECR', 'n'], 41],
        [['DECRBY', 'n', '50'], -9],
        [['GET', 'n'], '-9'],
        [['INCRBY', 'n', '1.5'], new Error(NOT_AN_INTEGER)],
        [['INCRBY', 'n', '+1'], new Error(NOT_AN_INTEGER)],
        [['INCRBY', 'n', '01'], new Error(NOT_AN_INTEGER)],
        [['INCRBY', 'n', '9223372036854775808'], new Error(NOT_AN_INTEGER)],
        [['SET', 'n', '9223372036854775806'], 'OK'],
        [['INCRBY', 'n', '2'], new Error('ERR increment or decrement would overflow')],
        [['INCR', 'n'], expect.anything()],
        [['GET', 'n'], '9223372036854775807'],
        [['DECRBY', 'n', '-9223372036854775808'], new Error('ERR decrement would overflow')],
        [['SET', 'n', ' 1'], 'OK'],
        [['INCR', 'n'], new Error(NOT_AN_INTEGER)],
      ])

      it('carry any bytes, as keys too', async () => {
        const client = connect(server)
        const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
        await client.set(bytes, bytes)
        expect(await client.getBuffer(bytes)).toEqual(bytes)
        expect(await client.strlen(bytes)).toBe(256)
        await client.hset('hash', bytes, bytes)
        expect(await client.hgetallBuffer('hash')).toEqual({ [bytes.toString()]: bytes })
        await client.set('文', '你好 😀')
        expect(await client.get('文')).toBe('你好 😀')
        expect(await client.strlen('文')).toBe(11)
        expect(await client.call('KEYS', '文*')).toEqual(['文'])
      })

      it('carry 10 MB', async () => {
        const client = connect(server)
        const bytes = Buffer.alloc(10_000_000, 'abc\r\n')
        await client.set('big', bytes)
        expect((await client.getBuffer('big'))?.equals(bytes)).toBe(true)
      })
    })

    describe('keys', () => {
      follows('are deleted, named and renamed', [
        [['MSET', 'a', '1', 'b', '2', 'c', '3'], 'OK'],
        [['DEL', 'a', 'a', 'none'], 1],
        [['UNLINK', 'b', 'c'], 2],
        [['TYPE', 'a'], 'none'],
        [['SET', 's', '1'], 'OK'],
        [['TYPE', 's'], 'string'],
        [['RPUSH', 'l', '1'], 1],
        [['TYPE', 'l'], 'list'],
        [['SADD', 'm', '1'], 1],
        [['TYPE', 'm'], 'set'],
        [['ZADD', 'z', '1', '1'], 1],
        [['TYPE', 'z'], 'zset'],
        [['HSET', 'h', '1', '1'], 1],
        [['TYPE', 'h'], 'hash'],
        [['RENAME', 'h', 's'], 'OK'],
        [['TYPE', 's'], 'hash'],
        [['EXISTS', 'h'], 0],
        [['RENAME', 'h', 'x'], new Error('ERR no such key')],
        [['RENAME', 's', 's'], 'OK'],
        [['DEL'], wrongCount('del')],
      ])

      it.each([
        ['*', ['ab', 'abc', 'a*c', 'a]c', 'b']],
        ['a?c', ['abc', 'a*c', 'a]c']],
        ['a\\*c', ['a*c']],
        ['a[b*]c', ['abc', 'a*c']],
        ['a[^b]c', ['a*c', 'a]c']],
        ['a[a-c]c', ['abc']],
        ['a[c-a]c', ['abc']],
        ['a[\\]]c', ['a]c']],
        ['[ab', ['b']],
        ['*b*c*', ['abc']],
        ['**', ['ab', 'abc', 'a*c', 'a]c', 'b']],
        ['', []],
      ])('are found by the pattern %s', async (pattern, wanted) => {
        const client = connect(server)
        await client.mset('ab', 1, 'abc', 1, 'a*c', 1, 'a]c', 1, 'b', 1)
        expect((await client.keys(pattern)).sort()).toEqual([...wanted].sort())
      })

      it('are all scanned, filtered if asked for', async () => {
        const client = connect(server)
        await client.mset(...Array.from({ length: 500 }, (_, index) => [`key:${index}`, '1']).flat())
        await client.sadd('set', 1)
        const scanAll = async (options: object) => {
          const found = new Set<string>()
          for await (const keys of client.scanStream(options)) for (const key of keys) found.add(key)
          return found
        }
        expect((await scanAll({})).size).toBe(501)
        expect((await scanAll({ match: 'key:1*', count: 10 })).size).toBe(111)
        expect([...(await scanAll({ type: 'set' }))]).toEqual(['set'])
        await follow([
          [['SCAN', 'x'], new Error('ERR invalid cursor')],
          [['SCAN', '0', 'COUNT', '0'], new Error(SYNTAX)],
          [['SCAN', '0', 'COUNT', 'x'], new Error(NOT_AN_INTEGER)],
          [['SCAN', '0', 'MATCH'], new Error(SYNTAX)],
          [['SCAN', '0', 'FOO', 'x'], new Error(SYNTAX)],
        ])
      })
    })

    describe('expiry', () => {
      follows('is set, read and taken off', [
        [['TTL', 'a'], -2],
        [['SET', 'a', '1'], 'OK'],
        [['PTTL', 'a'], -1],
        [['EXPIRE', 'a', '100'], 1],
        [['TTL', 'a'], 100],
        [['PERSIST', 'a'], 1],
        [['PERSIST', 'a'], 0],
        [['PEXPIRE', 'a', '100400'], 1],
        [['TTL', 'a'], 100],
        [['SET', 'a', '2', 'KEEPTTL'], 'OK'],
        [['TTL', 'a'], 100],
        [['APPEND', 'a', '2'], 2],
        [['INCR', 'a'], 23],
        [['TTL', 'a'], 100],
        [['RENAME', 'a', 'b'], 'OK'],
        [['TTL', 'b'], 100],
        [['SET', 'b', '2'], 'OK'],
        [['TTL', 'b'], -1],
        [['SETEX', 'b', '50', '2'], 'OK'],
        [['TTL', 'b'], 50],
        [['SET', 'c', '1', 'EX', '70'], 'OK'],
        [['RENAME', 'b', 'c'], 'OK'],
        [['TTL', 'c'], 50],
        [['EXPIRE', 'none', '1'], 0],
        [['EXPIRE', 'c', 'x'], new Error(NOT_AN_INTEGER)],
        [['EXPIRE', 'c', '9223372036854775807'], new Error("ERR invalid expire time in 'expire' command")],
        [['EXPIRE', 'c', '10', 'SOON'], new Error('ERR Unsupported option SOON')],
        [['EXPIRE', 'c', '10', 'NX'], 0],
        [['EXPIRE', 'c', '10', 'GT'], 0],
        [['EXPIRE', 'c', '10', 'LT'], 1],
        [['EXPIRE', 'c', '20', 'XX', 'GT'], 1],
        [['EXPIRE', 'c', '20', 'GT', 'LT'], new Error('ERR GT and LT options at the same time are not compatible')],
        [
          ['EXPIRE', 'c', '20', 'NX', 'XX'],
          new Error('ERR NX and XX, GT or LT options at the same time are not compatible'),
        ],
        [['TTL', 'c'], 20],
        [['EXPIREAT', 'c', '4102444800'], 1],
        [['PEXPIREAT', 'c', '1000'], 1],
        [['EXISTS', 'c'], 0],
        [['SET', 'd', '1'], 'OK'],
        [['EXPIRE', 'd', '-1'], 1],
        [['GET', 'd'], null],
      ])

      it.each([
        ['SET PX', (client: Redis) => client.set('a', 1, 'PX', LIFE_MS)],
        ['PEXPIRE of a hash', (client: Redis) => client.multi().hset('a', 'f', 1).pexpire('a', LIFE_MS).exec()],
        [
          'PEXPIREAT',
          (client: Redis) =>
            client
              .multi()
              .set('a', 1)
              .pexpireat('a', Date.now() + LIFE_MS)
              .exec(),
        ],
      ])('ends a key in time: %s', async (_, put) => {
        const client = connect(server)
        await client.ping()
        const start = Date.now()
        await put(client)
        const left = await client.pttl('a')
        expect(left).toBeGreaterThan(0)
        expect(left).toBeLessThanOrEqual(LIFE_MS)
        await eventually(
          () => client.exists('a'),
          (exists) => exists === 0,
        )
        expect(Date.now() - start).toBeGreaterThanOrEqual(LIFE_MS - 1)
        expect(await client.pttl('a')).toBe(-2)
        expect(await client.keys('*')).toEqual([])
        expect(await client.set('a', 1, 'NX')).toBe('OK')
        expect(await client.ttl('a')).toBe(-1)
      })

      it('frees keys that nobody asks for', async () => {
        const client = connect(server)
        await Promise.all(Array.from({ length: 100 }, (_, index) => client.set(`k${index}`, 1, 'PX', 20)))
        await eventually(
          () => client.dbsize(),
          (size) => size === 0,
        )
      })
    })

    describe('hashes', () => {
      follows('hold fields until the last one goes', [
        [['HSET', 'h', 'a', '1', 'b', '2'], 2],
        [['HSET', 'h', 'a', '3', 'c', '4'], 1],
        [['HSETNX', 'h', 'a', '9'], 0],
        [['HSETNX', 'h', 'd', '5'], 1],
        [['HMSET', 'h', 'e', '6'], 'OK'],
        [['HGET', 'h', 'a'], '3'],
        [['HGET', 'h', 'x'], null],
        [['HGET', 'none', 'x'], null],
        [
          ['HMGET', 'h', 'a', 'x', 'b'],
          ['3', null, '2'],
        ],
        [
          ['HGETALL', 'h'],
          ['a', '3', 'b', '2', 'c', '4', 'd', '5', 'e', '6'],
        ],
        [
          ['HKEYS', 'h'],
          ['a', 'b', 'c', 'd', 'e'],
        ],
        [
          ['HVALS', 'h'],
          ['3', '2', '4', '5', '6'],
        ],
        [['HLEN', 'h'], 5],
        [['HEXISTS', 'h', 'a'], 1],
        [['HEXISTS', 'h', 'x'], 0],
        [['HINCRBY', 'h', 'a', '-5'], -2],
        [['HINCRBY', 'h', 'new', '7'], 7],
        [['HSET', 'h', 'a', 'text'], 0],
        [['HINCRBY', 'h', 'a', '1'], new Error('ERR hash value is not an integer')],
        [['HINCRBY', 'h', 'a', 'x'], new Error(NOT_AN_INTEGER)],
        [
          ['HSCAN', 'h', '0', 'MATCH', 'a*', 'COUNT', '100'],
          ['0', ['a', 'text']],
        ],
        [
          ['HSCAN', 'none', '0'],
          ['0', []],
        ],
        [['HDEL', 'h', 'a', 'a', 'x'], 1],
        [['HDEL', 'h', 'b', 'c', 'd', 'e', 'new'], 5],
        [['EXISTS', 'h'], 0],
        [['HGETALL', 'h'], []],
        [['HSET', 'h', 'a'], wrongCount('hset')],
        [['HSET', 'h', 'a', '1', 'b'], wrongCount('hset')],
        [['HMSET', 'h', 'a', '1', 'b'], wrongCount('hmset')],
        [['HSET', 'h', '__proto__', '1', 'constructor', '2'], 2],
        [['HGET', 'h', '__proto__'], '1'],
        [['HGET', 'h', 'toString'], null],
      ])
    })

    describe('sets', () => {
      follows('hold each member once, until the last one goes', [
        [['SADD', 's', 'a', 'b', 'a'], 2],
        [['SADD', 's', 'b'], 0],
        [['SCARD', 's'], 2],
        [['SISMEMBER', 's', 'a'], 1],
        [['SISMEMBER', 'none', 'a'], 0],
        [
          ['SMISMEMBER', 's', 'a', 'x'],
          [1, 0],
        ],
        [['SREM', 's', 'a', 'x'], 1],
        [['SMEMBERS', 's'], ['b']],
        [
          ['SSCAN', 's', '0', 'MATCH', 'b'],
          ['0', ['b']],
        ],
        [['SREM', 's', 'b'], 1],
        [['EXISTS', 's'], 0],
        [['SMEMBERS', 's'], []],
        [['SADD', 's'], wrongCount('sadd')],
      ])

      follows('give members by chance', [
        [['SPOP', 's'], null],
        [['SPOP', 's', '2'], []],
        [['SRANDMEMBER', 's'], null],
        [['SRANDMEMBER', 's', '-2'], []],
        [['SADD', 's', 'a'], 1],
        [['SRANDMEMBER', 's'], 'a'],
        [['SRANDMEMBER', 's', '5'], ['a']],
        [
          ['SRANDMEMBER', 's', '-3'],
          ['a', 'a', 'a'],
        ],
        [['SPOP', 's', '0'], []],
        [['SPOP', 's', '-1'], new Error('ERR value is out of range, must be positive')],
        [['SPOP', 's', '1', '1'], new Error(SYNTAX)],
        [['SPOP', 's'], 'a'],
        [['EXISTS', 's'], 0],
        [['SADD', 's', 'a', 'b'], 2],
        [['SPOP', 's', '9'], expect.arrayContaining(['a', 'b'])],
        [['EXISTS', 's'], 0],
      ])

      it('are combined', async () => {
        const client = connect(server)
        await client.multi().sadd('a', 1, 2, 3).sadd('b', 2, 3, 4).sadd('c', 3).exec()
        expect((await client.sinter('a', 'b')).sort()).toEqual(['2', '3'])
        expect(await client.sinter('a', 'b', 'c')).toEqual(['3'])
        expect(await client.sinter('a', 'none')).toEqual([])
        expect((await client.sunion('a', 'b', 'none')).sort()).toEqual(['1', '2', '3', '4'])
        expect(await client.sdiff('a', 'b', 'none')).toEqual(['1'])
        expect(await client.sdiff('none', 'a')).toEqual([])
      })

      it('are scanned to the end, however large', async () => {
        const client = connect(server)
        const members = Array.from({ length: 2_000 }, (_, index) => `m${index}`)
        await client.sadd('s', members)
        const found = new Set<string>()
        for await (const some of client.sscanStream('s')) for (const member of some) found.add(member)
        expect(found).toEqual(new Set(members))
      })
    })

    describe('sorted sets', () => {
      follows('are ordered by score, then by member', [
        [['ZADD', 'z', '2', 'b', '1', 'a', '2', 'a2'], 3],
        [['ZADD', 'z', '3', 'a', '4', 'd'], 1],
        [
          ['ZRANGE', 'z', '0', '-1'],
          ['a2', 'b', 'a', 'd'],
        ],
        [
          ['ZRANGE', 'z', '0', '1', 'REV'],
          ['d', 'a'],
        ],
        [
          ['ZREVRANGE', 'z', '1', '2'],
          ['a', 'b'],
        ],
        [
          ['ZRANGE', 'z', '-2', '9'],
          ['a', 'd'],
        ],
        [['ZRANGE', 'z', '3', '1'], []],
        [['ZRANGE', 'none', '0', '-1'], []],
        [['ZSCORE', 'z', 'a'], '3'],
        [['ZSCORE', 'z', 'x'], null],
        [['ZCARD', 'z'], 4],
        [['ZCOUNT', 'z', '(2', '+inf'], 2],
        [['ZCOUNT', 'z', '-inf', '2'], 2],
        [['ZCOUNT', 'z', '9', '1'], 0],
        [['ZREM', 'z', 'a', 'x'], 1],
        [['ZREMRANGEBYRANK', 'z', '0', '0'], 1],
        [['ZREMRANGEBYSCORE', 'z', '-inf', '(4'], 1],
        [['ZRANGE', 'z', '0', '-1'], ['d']],
        [['ZREMRANGEBYSCORE', 'z', '-inf', '+inf'], 1],
        [['EXISTS', 'z'], 0],
      ])

      follows('are read by score', [
        [['ZADD', 'z', '1', 'a', '2', 'b', '3', 'c', '4', 'd'], 4],
        [
          ['ZRANGEBYSCORE', 'z', '2', '3'],
          ['b', 'c'],
        ],
        [['ZRANGEBYSCORE', 'z', '(2', '(4'], ['c']],
        [
          ['ZRANGEBYSCORE', 'z', '-inf', 'inf', 'LIMIT', '1', '2'],
          ['b', 'c'],
        ],
        [
          ['ZRANGEBYSCORE', 'z', '-inf', 'inf', 'LIMIT', '2', '-1'],
          ['c', 'd'],
        ],
        [['ZRANGEBYSCORE', 'z', '-inf', 'inf', 'LIMIT', '-1', '5'], []],
        [
          ['ZREVRANGEBYSCORE', 'z', '3', '1', 'LIMIT', '0', '2'],
          ['c', 'b'],
        ],
        [
          ['ZRANGE', 'z', '2', '3', 'BYSCORE'],
          ['b', 'c'],
        ],
        [
          ['ZRANGE', 'z', '3', '(1', 'BYSCORE', 'REV', 'LIMIT', '0', '5'],
          ['c', 'b'],
        ],
        [['ZRANGEBYSCORE', 'z', 'x', '3'], new Error('ERR min or max is not a float')],
        [['ZRANGEBYSCORE', 'z', '1', '3', 'REV'], new Error(SYNTAX)],
        [['ZRANGE', 'z', '0', 'x'], new Error(NOT_AN_INTEGER)],
        [['ZRANGE', 'z', '0', '1', 'FOO'], new Error(SYNTAX)],
        [
          ['ZRANGE', 'z', '0', '1', 'LIMIT', '0', '1'],
          new Error('ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX'),
        ],
      ])

      follows('are written under conditions', [
        [['ZADD', 'z', 'XX', '1', 'a'], 0],
        [['EXISTS', 'z'], 0],
        [['ZADD', 'z', 'NX', '1', 'a'], 1],
        [['ZADD', 'z', 'NX', '2', 'a'], 0],
        [['ZADD', 'z', 'CH', '2', 'a', '3', 'b'], 2],
        [['ZADD', 'z', 'GT', 'CH', '1', 'a', '9', 'b', '5', 'c'], 2],
        [['ZADD', 'z', 'LT', 'XX', 'CH', '1', 'a', '10', 'b', '5', 'd'], 1],
        [
          ['ZRANGE', 'z', '0', '-1'],
          ['a', 'c', 'b'],
        ],
        [['ZADD', 'z', 'INCR', '5', 'a'], '6'],
        [['ZADD', 'z', 'INCR', 'NX', '5', 'a'], null],
        [
          ['ZADD', 'z', 'INCR', '5', 'a', '6', 'b'],
          new Error('ERR INCR option supports a single increment-element pair'),
        ],
        [['ZADD', 'z', 'NX', 'XX', '1', 'a'], new Error('ERR XX and NX options at the same time are not compatible')],
        [
          ['ZADD', 'z', 'GT', 'LT', '1', 'a'],
          new Error('ERR GT, LT, and/or NX options at the same time are not compatible'),
        ],
        [['ZADD', 'z', '1', 'a', '2'], new Error(SYNTAX)],
        [['ZADD', 'z', 'x', 'a'], new Error('ERR value is not a valid float')],
        [['ZADD', 'z', '1', 'new', 'nan', 'a'], new Error('ERR value is not a valid float')],
        [['ZSCORE', 'z', 'new'], null],
        [['ZADD', 'z', '-inf', 'low', '+inf', 'high', '1e3', 'e', '-0.5', 'f'], 4],
        [['ZSCORE', 'z', 'low'], '-inf'],
        [['ZSCORE', 'z', 'high'], 'inf'],
        [['ZSCORE', 'z', 'e'], '1000'],
        [['ZSCORE', 'z', 'f'], '-0.5'],
        [['ZADD', 'z', 'INCR', '-inf', 'high'], new Error('ERR resulting score is not a number (NaN)')],
      ])

      it('give scores when asked', async () => {
        const client = connect(server)
        await client.zadd('z', 1.5, 'a', 2, 'b')
        expect(await client.zrange('z', '0', '-1', 'WITHSCORES')).toEqual(['a', '1.5', 'b', '2'])
        expect(await client.zrevrange('z', 0, -1, 'WITHSCORES')).toEqual(['b', '2', 'a', '1.5'])
        expect(await client.zrangebyscore('z', 2, 3, 'WITHSCORES')).toEqual(['b', '2'])
      })
    })

    describe('lists', () => {
      follows('are pushed and popped at both ends', [
        [['RPUSH', 'l', 'c', 'd'], 2],
        [['LPUSH', 'l', 'b', 'a'], 4],
        [
          ['LRANGE', 'l', '0', '-1'],
          ['a', 'b', 'c', 'd'],
        ],
        [
          ['LRANGE', 'l', '-3', '2'],
          ['b', 'c'],
        ],
        [['LRANGE', 'l', '5', '9'], []],
        [['LLEN', 'l'], 4],
        [['LPOP', 'l'], 'a'],
        [['RPOP', 'l'], 'd'],
        [['RPUSH', 'l', '1', '2', '3'], 5],
        [
          ['LPOP', 'l', '2'],
          ['b', 'c'],
        ],
        [
          ['RPOP', 'l', '2'],
          ['3', '2'],
        ],
        [['LPOP', 'l', '0'], []],
        [['LPOP', 'l', '-1'], new Error('ERR value is out of range, must be positive')],
        [['RPOP', 'l', '9'], ['1']],
        [['EXISTS', 'l'], 0],
        [['LPOP', 'l'], null],
        [['LPOP', 'l', '2'], null],
        [['LLEN', 'l'], 0],
        [['RPUSH', 'l', '1', '2', '3', '4'], 4],
        [['LTRIM', 'l', '1', '-2'], 'OK'],
        [
          ['LRANGE', 'l', '0', '-1'],
          ['2', '3'],
        ],
        [['LTRIM', 'l', '5', '1'], 'OK'],
        [['EXISTS', 'l'], 0],
        [['LTRIM', 'l', '0', 'x'], new Error(NOT_AN_INTEGER)],
        [['LRANGE', 'l', '0'], wrongCount('lrange')],
      ])
    })

    it.each([
      ['GET', 'k'],
      ['SET', 'k', '1', 'GET'],
      ['INCR', 'k'],
      ['APPEND', 'k', '1'],
      ['STRLEN', 'k'],
      ['GETDEL', 'k'],
      ['HGET', 'k', 'f'],
      ['HSET', 'k', 'f', '1'],
      ['HGETALL', 'k'],
      ['HDEL', 'k', 'f'],
      ['HINCRBY', 'k', 'f', '1'],
      ['HSCAN', 'k', '0'],
      ['SADD', 'k', '1'],
      ['SMEMBERS', 'k'],
      ['SREM', 'k', '1'],
      ['SPOP', 'k'],
      ['SINTER', 'k', 'none'],
      ['SUNION', 'none', 'k'],
      ['ZADD', 'k', '1', 'm'],
      ['ZSCORE', 'k', 'm'],
      ['ZRANGE', 'k', '0', '-1'],
      ['LPUSH', 'list', '1'],
    ])('refuses %s on a key of another type', async (name, ...args) => {
      const client = connect(server)
      await client.rpush('k', 'item')
      await client.set('list', 'text')
      await expect(client.call(name, ...args)).rejects.toThrow(WRONG_TYPE)
      expect(await client.lrange('k', 0, -1)).toEqual(['item'])
    })

    it('reads a key of another type as nothing in MGET, and overwrites it by SET', async () => {
      await follow([
        [['RPUSH', 'k', '1'], 1],
        [['MGET', 'k'], [null]],
        [['SET', 'k', '1'], 'OK'],
        [['GET', 'k'], '1'],
      ])
    })

    describe('transactions', () => {
      follows('run as one, and go on after an error', [
        [['MULTI'], 'OK'],
        [['SET', 'a', 'x'], 'QUEUED'],
        [['GET', 'a'], 'QUEUED'],
        [['EXEC'], ['OK', 'x']],
        [['EXEC'], new Error('ERR EXEC without MULTI')],
        [['DISCARD'], new Error('ERR DISCARD without MULTI')],
        [['MULTI'], 'OK'],
        [['SET', 'a', 'y'], 'QUEUED'],
        [['DISCARD'], 'OK'],
        [['GET', 'a'], 'x'],
        [['MULTI'], 'OK'],
        [['GET'], wrongCount('get')],
        [['SET', 'a', 'y'], 'QUEUED'],
        [['EXEC'], new Error('EXECABORT Transaction discarded because of previous errors.')],
        [['GET', 'a'], 'x'],
        [['MULTI'], 'OK'],
        [['MULTI'], new Error('ERR MULTI calls can not be nested')],
        [['WATCH', 'a'], new Error('ERR WATCH inside MULTI is not allowed')],
        [['SET', 'a', 'z'], 'QUEUED'],
        [['EXEC'], ['OK']],
        [['GET', 'a'], 'z'],
      ])

      it('give each command its own error', async () => {
        const answers = await connect(server).multi().set('a', 'x').incr('a').append('a', 'y').exec()
        expect(answers).toEqual([[null, 'OK'], [expect.objectContaining({ message: NOT_AN_INTEGER })], [null, 2]])
      })

      it('are not seen half done', async () => {
        const [one, other] = [connect(server), connect(server)]
        await one.call('MULTI')
        await one.call('SET', 'a', '1')
        expect(await other.get('a')).toBeNull()
        await one.call('EXEC')
        expect(await other.get('a')).toBe('1')
      })

      it.each<[what: string, change: (other: Redis) => Promise<unknown>, isBroken: boolean]>([
        ['is written', (other) => other.set('w', 2), true],
        ['is written as it was', (other) => other.set('w', 1), true],
        ['is deleted', (other) => other.del('w'), true],
        ['gets an expiry', (other) => other.expire('w', 100), true],
        ['is renamed', (other) => other.set('v', 1).then(() => other.rename('v', 'w')), true],
        ['is flushed', (other) => other.flushall(), true],
        ['was created', (other) => other.sadd('new', 1), true],
        ['is read', (other) => other.get('w'), false],
        ['is not deleted, not being there', (other) => other.del('new'), false],
        ['is not set under a condition', (other) => other.set('w', 2, 'NX'), false],
        ['has a member already', (other) => other.sadd('members', 1), false],
      ])('run only while what they watch stays: it %s', async (_, change, isBroken) => {
        const [client, other] = [connect(server), connect(server)]
        await client.set('w', 1)
        await client.sadd('members', 1)
        await client.watch('w', 'new', 'members')
        await change(other)
        const answer = await client.multi().set('done', 1).exec()
        expect(answer).toEqual(isBroken ? null : [[null, 'OK']])
        // The watch ended with that, either way.
        await change(other)
        expect(await client.multi().set('done', 1).exec()).toEqual([[null, 'OK']])
      })

      it('do not run once a watched key has expired', async () => {
        const [client, other] = [connect(server), connect(server)]
        await client.set('w', 1, 'PX', LIFE_MS)
        await client.watch('w')
        await eventually(
          () => other.pttl('w'),
          (left) => left === -2,
        )
        expect(await client.multi().ping().exec()).toBeNull()
      })

      it('run after UNWATCH and for keys that the client itself changed before', async () => {
        const [client, other] = [connect(server), connect(server)]
        await client.watch('w')
        await client.unwatch()
        await other.set('w', 1)
        expect(await client.multi().ping().exec()).toEqual([[null, 'PONG']])
        await client.watch('w')
        await client.set('w', 2)
        expect(await client.multi().ping().exec()).toBeNull()
      })
    })

    describe('messages', () => {
      function messagesOf(client: Redis): unknown[] {
        const got: unknown[] = []
        client.on('message', (channel, text) => got.push([channel, text]))
        client.on('pmessage', (pattern, channel, text) => got.push([pattern, channel, text]))
        return got
      }

      it('reach channels and patterns, once for each, in order', async () => {
        const [subscriber, publisher] = [connect(server), connect(server)]
        const got = messagesOf(subscriber)
        expect(await publisher.publish('news', 'nobody')).toBe(0)
        expect(await subscriber.subscribe('news', '频道')).toBe(2)
        expect(await subscriber.psubscribe('n*', 'x?')).toBe(4)
        expect(await publisher.publish('news', '你好')).toBe(2)
        expect(await publisher.publish('xy', '1')).toBe(1)
        expect(await publisher.publish('频道', '2')).toBe(1)
        expect(await publisher.publish('other', '3')).toBe(0)
        await eventually(
          () => got,
          ({ length }) => length === 4,
        )
        expect(got).toEqual([
          ['news', '你好'],
          ['n*', 'news', '你好'],
          ['x?', 'xy', '1'],
          ['频道', '2'],
        ])
      })

      it('stop after unsubscribing, and the client may do other things again', async () => {
        const [subscriber, publisher] = [connect(server), connect(server)]
        await subscriber.subscribe('a', 'b')
        await subscriber.psubscribe('c*')
        expect(await subscriber.unsubscribe('a')).toBe(2)
        expect(await publisher.publish('a', '')).toBe(0)
        expect(await subscriber.punsubscribe('c*')).toBe(1)
        expect(await subscriber.unsubscribe()).toBe(0)
        expect(await publisher.publish('c1', '')).toBe(0)
        expect(await subscriber.get('a')).toBeNull()
      })

      it('reach a subscriber that connects again', async () => {
        const [subscriber, publisher] = [connect(server), connect(server)]
        const got = messagesOf(subscriber)
        await subscriber.subscribe('news')
        const isBack = once(subscriber, 'ready')
        subscriber.disconnect(true)
        await isBack
        await eventually(
          () => publisher.publish('news', 'again'),
          (count) => count === 1,
        )
        await eventually(
          () => got,
          ({ length }) => length === 1,
        )
      })

      it('leave with a client that left', async () => {
        const [subscriber, publisher] = [connect(server), connect(server)]
        await subscriber.subscribe('news')
        expect(await publisher.publish('news', '')).toBe(1)
        subscriber.disconnect()
        await eventually(
          () => publisher.publish('news', ''),
          (count) => count === 0,
        )
      })

      it('are published by transactions', async () => {
        const [subscriber, publisher] = [connect(server), connect(server)]
        const got = messagesOf(subscriber)
        await subscriber.subscribe('news')
        expect(await publisher.multi().publish('news', '1').exec()).toEqual([[null, 1]])
        await eventually(
          () => got,
          ({ length }) => length === 1,
        )
      })
    })

    describe('scripts', () => {
      it('run by their text and by their hash', async () => {
        const client = connect(server)
        const { lua } = counterScript
        expect(await client.eval(lua, 2, 'n', 'log', '5', '你好')).toEqual([5, '你好', null, ['你好']])
        const sha = await client.script('LOAD', lua)
        expect(sha).toMatch(/^[0-9a-f]{40}$/)
        expect(await client.script('EXISTS', String(sha), 'f'.repeat(40))).toEqual([1, 0])
        expect(await client.script('EXISTS', String(sha).toUpperCase())).toEqual([1])
        expect(await client.evalsha(String(sha).toUpperCase(), 2, 'n', 'log', '2', 'x')).toEqual([
          7,
          'x',
          '5',
          ['你好', 'x'],
        ])
      })

      it('run as a command of ioredis, in a pipeline and in a transaction', async () => {
        const client = connect(server, { scripts: { count: { lua: counterScript.lua, numberOfKeys: 2 } } })
        const count = (amount: string) => {
          if (!('count' in client) || typeof client.count !== 'function') throw new Error('not defined')
          return client.count('n', 'log', amount, 'x')
        }
        expect(await count('1')).toEqual([1, 'x', null, ['x']])
        expect(await count('1')).toEqual([2, 'x', '1', ['x', 'x']])
        const sha = String(await client.script('LOAD', counterScript.lua))
        const answers = await client.multi().evalsha(sha, 2, 'n', 'log', '1', 'y').get('n').exec()
        expect(answers).toEqual([
          [null, [3, 'y', '2', ['x', 'x', 'y']]],
          [null, '3'],
        ])
      })

      it('see and answer text', async () => {
        const client = connect(server)
        await client.set('文', '你好')
        expect(await client.eval(textScript.lua, 1, '文', '😀')).toEqual('你好😀')
        expect(await client.get('文:copy')).toBe('你好😀')
        expect(await client.hgetall('文:hash')).toEqual({ '😀': '3' })
      })

      it('fail with the error of the command that failed; what they did before stays', async () => {
        const client = connect(server)
        await client.set('k', 'text')
        const failed: unknown = await client.eval(faultyScript.lua, 1, 'k').catch((error: Error) => error.message)
        expect(failed).toMatch(new RegExp(`^${WRONG_TYPE}`))
        expect(await client.get('k:before')).toBe('1')
      })

      follows('are refused where they cannot run', [
        [['EVALSHA', 'f'.repeat(40), '0'], new Error('NOSCRIPT No matching script. Please use EVAL.')],
        [['EVAL', counterScript.lua, 'x'], new Error(NOT_AN_INTEGER)],
        [['EVAL', counterScript.lua, '-1'], new Error("ERR Number of keys can't be negative")],
        [['EVAL', counterScript.lua, '1'], new Error("ERR Number of keys can't be greater than number of args")],
        [['EVAL', counterScript.lua], wrongCount('eval')],
        [['SCRIPT'], wrongCount('script')],
        [['SCRIPT', 'FOO'], new Error("ERR unknown subcommand 'FOO'. Try SCRIPT HELP.")],
        [['CLIENT', 'FOO'], new Error("ERR unknown subcommand 'FOO'. Try CLIENT HELP.")],
      ])
    })
  })
}
