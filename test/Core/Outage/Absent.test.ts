import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client } from '../../support/client'
import { eventually } from '../../support/eventually'
import { MODES } from '../../support/modes'
import { pidsOf, ServerProgram } from '../../support/program'
import { type RedisServer, startRedis } from '../../support/redis'
import { lasts } from './outage'

const PASSWORD = 'hush-hush'

/** Longer than a start may take that does not go on. */
const AWAY_MS = 10_000
const STALL_S = 4

const start = (mode: string, url: string) =>
  new ServerProgram({ fixture: 'outage', env: { APP_MODE: mode, REDIS_URL: url, TEST_STALL: `${STALL_S}` } })

/** What the server says of its Redis: of each reason once. */
const complaints = (server: ServerProgram) => server.output.split('\n').filter((line) => line.includes('Redis at '))

describe.concurrent.each(MODES)('a Redis that is not there at the start, %s mode', (mode) => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis({ args: ['--requirepass', PASSWORD] })
    await redis.kill('SIGKILL')
  })
  afterAll(() => redis.stop())

  const url = (password = PASSWORD) => `redis://:${password}@127.0.0.1:${redis.port}`

  test('is waited for, with one clear line; when it comes the server starts', async () => {
    const server = start(mode, url())
    const line = await server.says('does not answer')
    expect(JSON.parse(line)).toMatchObject({
      level: 'error',
      msg:
        `Redis at redis://127.0.0.1:${redis.port} does not answer (connect ECONNREFUSED 127.0.0.1:${redis.port}); ` +
        'the server starts when it does. Start it, or correct REDIS_URL or Config/cache.ts; ' +
        'without a url the server brings a store of its own',
    })
    await lasts(AWAY_MS)
    await redis.restart()
    await server.says('has started, pid')
    await server.says('  engine')
    const client = await Client.connect(server.url())
    expect(await client.call('outage.room.incr')).toMatchObject({ status: 200, param: 1 })
    expect(complaints(server)).toHaveLength(1)
    expect(server.output).not.toContain(PASSWORD)
    await client.close()
    server.signal('SIGTERM')
    expect(await server.ended).toEqual({ code: 0, signal: null })
    await redis.kill('SIGKILL')
  })

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s meanwhile ends the server at once, and leaves nothing',
    async (signal) => {
      const server = start(mode, 'redis://127.0.0.1:1')
      await server.says('does not answer')
      const began = performance.now()
      server.signal(signal)
      expect(await server.ended).toEqual({ code: 0, signal: null })
      expect(performance.now() - began).toBeLessThan(10_000)
      expect(server.processes()).toEqual([])
      expect(server.leftOver()).toEqual([])
    },
  )
})

describe.concurrent.each(MODES)('a Redis that is there and lets nobody in, %s mode', (mode) => {
  let redis: RedisServer
  beforeAll(async () => {
    // The second one may use the keys, not the channels.
    const mute = ['--user', 'mute', 'on', '>mute', '~*', 'resetchannels', '+@all']
    redis = await startRedis({ args: ['--requirepass', PASSWORD, ...mute] })
  })
  afterAll(() => redis.stop())

  test.each([
    ['a wrong password', ':wrong-hush@', 'WRONGPASS invalid username-password pair or user is disabled.'],
    ['no password', '', 'NOAUTH '],
  ])('%s is named as the reason', async (_, login, reason) => {
    const server = start(mode, `redis://${login}127.0.0.1:${redis.port}`)
    const line = await server.says('Redis at ')
    expect(JSON.parse(line).msg).toContain(
      `Redis at redis://127.0.0.1:${redis.port} does not serve this server (${reason}`,
    )
    server.signal('SIGTERM')
    expect(await server.ended).toEqual({ code: 0, signal: null })
    expect(complaints(server)).toHaveLength(1)
    expect(server.output).not.toContain('wrong-hush')
  })

  test('a user who may not do what the server needs is no start: what he lacks is said', async () => {
    const server = start(mode, `redis://mute:mute@127.0.0.1:${redis.port}`)
    expect(await server.ended).toEqual({ code: 1, signal: null })
    const said = server.stderr.join('\n')
    expect(said).toContain(`Redis at redis://127.0.0.1:${redis.port} refuses what the server needs (NOPERM `)
    expect(said).toContain('channels')
    expect(server.processes()).toEqual([])
    expect(server.leftOver()).toEqual([])
  })
})

test('a worker that is replaced while Redis is away serves what needs no Redis, and the rest when it is back', async () => {
  const redis = await startRedis()
  const server = await ServerProgram.start({ fixture: 'outage', env: { APP_MODE: 'process', REDIS_URL: redis.url } })
  const client = await Client.connect(server.url())
  await redis.kill('SIGKILL')
  for (const pid of pidsOf(server.runtime, 'Worker/main.js')) process.kill(pid, 'SIGKILL')
  await server.logs('a new worker serves')
  expect(await client.call('outage.room.plain')).toMatchObject({ status: 200 })
  expect(await client.call('outage.room.incr')).toMatchObject({ status: 503, event: 'serviceUnavailable' })
  await redis.restart()
  await eventually(async () => expect(await client.call('outage.room.incr')).toMatchObject({ status: 200 }))
  await client.close()
  server.signal('SIGTERM')
  expect(await server.ended).toEqual({ code: 0, signal: null })
  await redis.stop()
})
