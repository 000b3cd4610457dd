import { type Arbitrary, array, assert, asyncProperty, constant, constantFrom, oneof, tuple } from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Script } from '../../../Core/Record/Script'
import { CONDEMN, HOLD, LOGIN, RAISE, REMOVE_FDS, SCRIPTS } from '../../../Core/Record/Scripts'
import { openMemory, openRedis, type Server } from '../../Store/servers'

/** Longer than a test runs, in milliseconds. */
const LONG = '600000'

const boot = constantFrom('boot 1', 'boot 2', '', 'dead')
const id = constantFrom('1', '2', '你')
const fd = constantFrom('7', '4294967297', '9')
const fds = array(fd, { maxLength: 3 })
const pairs = array(tuple(id, fd), { maxLength: 3 }).map((some) => some.flat())
const number = constantFrom('0', '1', '5', '4294967296')

/** What REMOVE_FDS takes away again. */
const SHOW_FD: Script = {
  keys: 1,
  lua: "return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])",
  twin: (call, [key = ''], [id = '', fd = '']) => call('HSET', key, id, fd),
}
const ALL = [...SCRIPTS, SHOW_FD]

interface Call {
  readonly script: Script
  readonly args: readonly string[]
}

const call = (script: Script, ...parts: Arbitrary<string | string[]>[]): Arbitrary<Call> =>
  tuple(...parts).map((args) => ({ script, args: args.flat() }))

const CASES: Readonly<Record<string, readonly Arbitrary<Call>[]>> = {
  'a user’s newest fd': [call(SHOW_FD, id, fd), call(REMOVE_FDS, pairs)],
  'a counter': [call(RAISE, number)],
  'a lease': [call(HOLD, boot, constant(LONG)), call(CONDEMN, boot, constant('dead'), constant(LONG))],
  'the fds of a user': [call(LOGIN, fd, number, constantFrom('allow', 'kickOld', 'rejectNew'), fds)],
}

let servers: Server[]
let clients: Redis[]
beforeAll(async () => {
  servers = [await openRedis([]), await openMemory(ALL)]
  clients = servers.map(({ path }) => new Redis({ path }))
})
afterAll(async () => {
  for (const client of clients) client.disconnect()
  await Promise.all(servers.map((server) => server.close()))
})

test('each script has its cases', async () => {
  const tested = new Set<Script>()
  const see = asyncProperty(oneof(...Object.values(CASES).flat()), async ({ script }) => void tested.add(script))
  await assert(see, { numRuns: 1000 })
  expect(tested).toEqual(new Set(ALL))
})

describe.each(Object.entries(CASES))('%s', (_, cases) => {
  test('Lua in Redis and its twin in memory answer the same and leave the same behind', async () => {
    const property = asyncProperty(array(oneof(...cases), { minLength: 1, maxLength: 12 }), async (calls) => {
      const [redis, memory] = await Promise.all(clients.map((client) => play(client, calls)))
      expect(memory).toEqual(redis)
    })
    await assert(property, { numRuns: 200 })
  })
})

/** @returns what a server answers to each call, and what it then holds */
async function play(client: Redis, calls: readonly Call[]): Promise<unknown> {
  await client.flushall()
  const answers: unknown[] = []
  for (const { script, args } of calls) answers.push(await client.eval(script.lua, 1, 'key', ...args))
  return { answers, left: await dump(client), expires: (await client.pttl('key')) > 0 }
}

async function dump(client: Redis): Promise<unknown> {
  switch (await client.type('key')) {
    case 'string':
      return client.get('key')
    case 'hash':
      return client.hgetall('key')
    case 'zset':
      return client.zrange('key', '0', '-1', 'WITHSCORES')
    default:
      return 'nothing'
  }
}
