import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { MODES } from '../../support/modes'
import { type RedisServer, startRedis } from '../../support/redis'
import type { Server } from '../../support/server'
import { does, eventsOf, fdOf, startLife } from './life'

/**
 * What a call may take that cannot have what it needs, in milliseconds: it is a second, and another two for a machine that has no time.
 * What bounds it are the timeouts of commands, and the gateway's patience with a record.
 */
const SOON = 3000

// In this order: Redis stands still from the first test on, and goes on in the last.
describe.each(MODES)('a Redis that stands still, %s mode', (mode) => {
  let redis: RedisServer
  let server: Server
  let store: Redis
  let client: Client
  let fd: number
  /** Connected before, and close while Redis stands still. */
  let leaver: Client
  let left: number
  /** Connect while Redis stands still. */
  const late: Client[] = []
  let callers: Client[]
  let callerFds: number[]
  beforeAll(async () => {
    redis = await startRedis()
    server = await startLife(mode, { REDIS_URL: redis.url })
    store = new Redis(redis.url)
    client = await Client.connect(server.url())
    fd = await fdOf(client)
    leaver = await Client.connect(server.url(), phone('leaver'))
    left = await fdOf(leaver)
    for (const who of [fd, left]) await does(client, 'fdJoin', who, 'LIFE_ROOM')
    await does(client, 'fdAddController', left, 'Closing.Records')
    await store.sadd('BY_HAND', left)
    await store.sadd(`WEBSOCKET_FdCloseSetKey_${left}`, 'BY_HAND')
    callers = await Promise.all(CALLS.map((_, n) => Client.connect(server.url(), phone(`caller ${n}`))))
    callerFds = await Promise.all(callers.map(fdOf))
    await redis.kill('SIGSTOP')
  })
  afterAll(async () => {
    await redis.kill('SIGCONT')
    await server.stop()
    store.disconnect()
    await redis.stop()
  })

  const CALLS = [
    ['life.kit.do', 'redis'],
    ['life.kit.do', 'groupCount', 'OTHER_ROOM'],
    ['life.kit.do', 'kick', 'OTHER_ROOM'],
    ['life.kit.do', 'fdJoin', 1, 'OTHER_ROOM'],
    ['life.kit.forget', 'fdAddCloseKey', 1, 'OTHER_ROOM'],
  ] as const

  /** What each of these calls, made by a client of its own, is answered and how long it took, in milliseconds. */
  const answered = () =>
    Promise.all(
      CALLS.map(async ([method, verb, ...rest], index) => {
        const caller = callers[index] ?? client
        const [first, ...more] = rest
        const args = first === 1 ? [callerFds[index] ?? 0, ...more] : rest
        const began = performance.now()
        caller.send({ method, verb, args, callId: verb })
        const { event } = await caller.next(({ callId, status }) => callId === verb && status !== 200)
        return { verb, event, soon: performance.now() - began < SOON }
      }),
    )
  const expected = CALLS.map(([, verb]) => ({ verb, event: 'serviceUnavailable', soon: true }))

  /** Who connects now is accepted, and his first message served. */
  const arrives = async () => {
    const began = performance.now()
    const client = await Client.connect(server.url(), phone(`late ${late.length}`))
    expect(await client.call('life.turns.sync', { n: 6 })).toMatchObject({ status: 200, param: 6 })
    expect(performance.now() - began).toBeLessThan(SOON)
    late.push(client)
  }

  test('an action that needs Redis is answered 503 within a second, a close is told, a newcomer is served', async () => {
    leaver.socket.close()
    const arrival = arrives()
    expect(await answered()).toEqual(expected)
    await arrival
    await server.logged(({ msg, fd: who }) => msg === 'Records was told' && who === left)
  })

  test('so it is when the connection to Redis has been given up', async () => {
    await server.logged(({ msg }) => msg === 'Redis is away')
    expect(await answered()).toEqual(expected)
    await arrives()
  })

  test('a write whose failure the action catches itself is not answered 503 in addition', async () => {
    const before = eventsOf(client).length
    const answer = await client.call('life.kit.catch', { verb: 'fdJoin', args: [fd, 'OTHER_ROOM'] })
    expect(answer).toMatchObject({ event: 'caught', param: 'StoreAway' })
    await client.call('life.turns.sync')
    expect(eventsOf(client).slice(before)).toEqual(['receiveMessage', 'caught', 'receiveMessage', 'answer'])
  })

  test('heartbeats and actions that need no Redis are answered as ever', async () => {
    const began = performance.now()
    client.send('2')
    expect(await client.call('life.turns.sync', { n: 5 })).toMatchObject({ status: 200, param: 5 })
    expect(client.texts).toContain('3')
    expect(performance.now() - began).toBeLessThan(SOON)
  })

  test('when Redis goes on, the record becomes right by itself', async () => {
    await redis.kill('SIGCONT')
    const lateFds = await Promise.all(late.map(fdOf))
    await eventually(async () => {
      expect((await store.hkeys('WEBSOCKET_FDINFO')).sort()).toEqual([fd, ...callerFds, ...lateFds].map(String).sort())
      expect(await store.hmget('WEBSOCKET_UIDTOFD', '1', 'late 0', 'late 1', 'leaver')).toEqual([
        ...[fd, ...lateFds].map(String),
        null,
      ])
      expect(await store.smembers('LIFE_ROOM')).toEqual([`${fd}`])
      expect(await store.exists(`WEBSOCKET_FdController_${left}`, `WEBSOCKET_FdCloseSetKey_${left}`)).toBe(0)
      expect(await store.smembers('BY_HAND'), 'a close key that a PHP backend added').toEqual([])
    })
    await eventually(async () => expect(await does(client, 'redis')).toBeGreaterThan(0))
    await does(client, 'fdJoin', fd, 'NEW_ROOM')
    expect(await does(client, 'groupMembers', 'NEW_ROOM')).toEqual([fd])
    expect([client, ...callers, ...late].filter(({ socket }) => socket.readyState !== 1)).toEqual([])
  })
})
