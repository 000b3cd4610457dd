import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { authString, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { type RedisServer, startRedis } from '../../support/redis'
import type { Server } from '../../support/server'
import { pidsOf, told } from '../Cluster/cluster'
import { ended } from '../Faults/support'
import { addressOf, ask } from '../Manager/ask'
import type { Project } from '../Reload/project'
import { complaints, enter, enterMany, type Guest, makeProject, restart, serves } from './restarting'

const MAX_WAIT_S = 6

/** What a machine that is busy with something else may be late, in milliseconds. */
const LATE_MS = 15_000
const setting = { worker_num: 2, drain_time: 60, max_wait_time: MAX_WAIT_S, stall_limit: 60 }

let store: RedisServer
let redis: Redis
let project: Project
let server: Server
beforeAll(async () => {
  store = await startRedis()
  redis = new Redis(store.url)
})
beforeEach(() => redis.flushall())
afterEach(async () => {
  await server.stop('SIGKILL')
  project.delete()
})
afterAll(async () => {
  redis.disconnect()
  await store.stop()
})

async function start(mode: 'process' | 'base'): Promise<void> {
  project = makeProject({ setting: { mode, ...setting } })
  server = await project.start({ REDIS_URL: store.url })
}

/** Told to stop, it ends in good order and in time: whoever is still there was told so, hooks have run, nothing is left. */
async function expectGoodEnd(guests: readonly Guest[], codes = [1001], excused = ''): Promise<void> {
  const pids = pidsOf(server)
  const began = performance.now()
  expect(await server.stop()).toEqual({ code: 0, signal: null })
  expect(performance.now() - began).toBeLessThan(MAX_WAIT_S * 1000 + LATE_MS)
  for (const { client } of guests) expect(codes).toContain((await client.closed).code)
  for (const { fd } of guests) expect(told([server], 'Room').get(fd)).toBe(1)
  const left = (await redis.keys('*')).filter((key) => !/^WEBSOCKET_INSTANCE(S|_\d+_LEASE)$/.test(key))
  expect(left).toEqual([])
  await ended(pids, 0)
  expect(complaints(server).filter(({ msg }) => msg !== excused)).toEqual([])
}

const loadForEver = () =>
  project.controller('Bad', { load: "require('node:fs').writeSync(1, 'it hangs\\n'); for (;;);" })

describe.each(['process', 'base'] as const)('in %s mode', (mode) => {
  test('a stop with 1,000 connections: 1,000 onClose, and nothing of them stays on record', async () => {
    await start(mode)
    await expectGoodEnd(await enterMany(server, 1000, 'many'))
  })

  test('a Redis that is too slow while it stops: nothing stays on record all the same', async () => {
    project = makeProject({ setting: { mode, ...setting }, log: { level: 'debug' } })
    server = await project.start({ REDIS_URL: store.url })
    const guests = await enterMany(server, 20, 'slow')
    await store.kill('SIGSTOP')
    const ending = expectGoodEnd(guests, [1001], 'Redis is away')
    await server.logged(({ msg }) => msg === 'a closed connection could not be taken off the record yet')
    await store.kill('SIGCONT')
    await ending
  })

  test('while a reload loads code that never ends loading', async () => {
    await start(mode)
    const guests = await enterMany(server, 10, 'some')
    loadForEver()
    server.process.kill('SIGHUP')
    await eventually(() => expect(server.output).toContain('it hangs'))
    await expectGoodEnd(guests)
  })

  test('while a restart loads code that never ends loading, and is told that the server stops', async () => {
    await start(mode)
    const guests = await enterMany(server, 10, 'some')
    loadForEver()
    const restarting = restart(server, project)
    await eventually(() => expect(server.output).toContain('it hangs'))
    await expectGoodEnd(guests)
    expect(await restarting).toMatchObject({ code: 1, stderr: expect.stringContaining('the server') })
  })

  test('while a restart rolls: who has not been told to come back is told that the server stops', async () => {
    await start(mode)
    const old = await enterMany(server, 60, 'old')
    const restarting = restart(server, project)
    await serves(server)
    const fresh = await enterMany(server, 10, 'new')
    await Promise.race(old.map(({ client }) => client.closed))
    await expectGoodEnd([...old, ...fresh], [1001, 1012])
    for (const { client } of fresh) expect((await client.closed).code).toBe(1001)
    // Of 60 in 60 s, a second had passed, or a few.
    const codes = await Promise.all(old.map(async ({ client }) => (await client.closed).code))
    expect(codes.filter((code) => code === 1001).length).toBeGreaterThan(30)
    expect((await restarting).code).toBe(1)
  })

  test('a second stop while a restart rolls ends it at once', async () => {
    await start(mode)
    const old = await enterMany(server, 20, 'old')
    old.push(await enter(server, 'hangs', 'slow'))
    const restarting = restart(server, project)
    await serves(server)
    const pids = pidsOf(server)
    server.process.kill('SIGTERM')
    await Promise.all(old.map((one) => one.client.closed))
    await eventually(() => {
      server.process.kill('SIGTERM')
      expect(server.output.join()).toContain('asked to stop a second time')
    })
    await ended(pids)
    expect((await restarting).code).toBe(1)
  })

  test('while it stops it is not ready, and a handshake that was begun before is refused', async () => {
    await start(mode)
    const { client } = await enter(server, 'hangs', 'slow') // holds the stop up for a while
    const late = connect(server.port(), '127.0.0.1')
    const lines = [
      `GET /?auth=${encodeURIComponent(authString(phone('late')))} HTTP/1.1`,
      'Host: 127.0.0.1',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    ]
    late.write(`${lines.join('\r\n')}\r\n`)
    await once(late, 'connect')
    await enter(server, 'another') // by now the server has taken the one before, too
    server.process.kill('SIGTERM')
    expect(await client.closed).toMatchObject({ code: 1001 })
    expect((await fetch(`http://${addressOf(server.runtime)}/readyz`)).status).toBe(503)
    const { answers } = await ask(server.runtime, '{"method":"restart"}')
    expect(answers).toEqual(['the server stops'])
    late.write('\r\n')
    const [answer] = await once(late, 'data')
    expect(String(answer)).toMatch(/^HTTP\/1\.1 503 /)
    await server.stop('SIGHUP') // means nothing any more; waits for the end
    expect(await redis.hkeys('WEBSOCKET_FDINFO')).toEqual([])
  })
})
