import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { Monitor } from '../../support/monitor'
import { type RedisServer, startRedis } from '../../support/redis'
import type { Server } from '../../support/server'
import { allTold, does, enter, instanceOf, offRecord, startMachine, traces } from './cluster'

const FOREVER_CLOSED = 30

let server: RedisServer
let redis: Redis
let here: Server
let there: Server
beforeAll(async () => {
  server = await startRedis()
  redis = new Redis(server.url)
  here = await startMachine(server)
  there = await startMachine(server)
})
afterAll(async () => {
  await Promise.all([here?.stop(), there?.stop()])
  redis.disconnect()
  await server.stop()
})

test('what is asked for a connection of another machine is written by its gateway, and cleaned by it', async () => {
  const asker = await enter(here, phone('asker'))
  const foreign = await enter(there, phone('foreign'))
  const of = foreign.fd
  await redis.sadd('FOREIGN_SET', of)
  expect(await does(asker.client, 'join', { of, name: 'FOREIGN_ROOM' })).toBe(true)
  expect(await does(asker.client, 'addCloseKey', { of, name: 'FOREIGN_SET' })).toBe(true)
  expect(await does(asker.client, 'addController', { of, name: 'Cluster.Witness' })).toBe(true)
  expect(await redis.smembers('FOREIGN_ROOM')).toEqual([`${of}`])
  asker.client.send({ method: 'cluster.kit.say', target: 'FOREIGN_ROOM', text: 'welcome' })
  expect((await foreign.client.next('said')).info).toBe('welcome')
  expect(await does(asker.client, 'join', { of, name: 'FOREIGN_LEFT' })).toBe(true)
  expect(await does(asker.client, 'leave', { of, name: 'FOREIGN_LEFT' })).toBe(true)
  expect(await redis.exists('FOREIGN_LEFT')).toBe(0)

  await foreign.client.close()
  await offRecord(redis, [of])
  expect(await allTold([there], 'Witness', [of])).toEqual([])
  for (const action of ['join', 'addCloseKey', 'addController']) {
    expect(await does(asker.client, action, { of, name: 'TOO_LATE' }), action).toBe(false)
  }
  expect(await traces(redis, [of])).toEqual([])
  expect(await redis.exists('TOO_LATE')).toBe(0)
  await asker.client.close()
})

test('joins that race the close of a connection leave nothing behind', async () => {
  const asker = await enter(here, phone('asker'))
  const fds: number[] = []
  for (let n = 0; n < FOREVER_CLOSED; n++) {
    const [own, foreign] = await Promise.all([enter(here, phone(`o${n}`)), enter(there, phone(`f${n}`))])
    fds.push(own.fd, foreign.fd)
    const asked = [own.fd, foreign.fd].flatMap((of) =>
      ['join', 'addCloseKey', 'addController'].map((action) =>
        does(asker.client, action, { of, name: 'Cluster.Witness' }),
      ),
    )
    // Its own calls are under way, too.
    own.client.send({ method: 'cluster.kit.join', of: own.fd, name: 'OWN_RACE' })
    foreign.client.send({ method: 'cluster.kit.join', of: own.fd, name: 'CROSS_RACE' })
    own.client.reset()
    foreign.client.reset()
    await Promise.all(asked)
  }
  await offRecord(redis, fds)
  await asker.client.close()
  await eventually(async () => expect(await redis.hlen('WEBSOCKET_FDINFO')).toBe(0))
}, 300_000)

test('the list of an instance names an fd before anything else does, and when nothing else does any more', async () => {
  const monitor = await Monitor.open(server.port)
  const { seen } = monitor
  const place = { groups: ['ORDER_ROOM'], keys: ['ORDER_SET'], controllers: ['Cluster.Witness'] }
  const { client, fd } = await enter(here, phone('order'), place)
  await client.close()
  await offRecord(redis, [fd])
  const list = `WEBSOCKET_INSTANCE_${instanceOf(fd)}_FDS`
  await eventually(() => expect(seen.some(([name, key]) => /srem/i.test(name ?? '') && key === list)).toBe(true))
  monitor.close()
  // What the test itself asks is left out, and what only reads.
  const reads = /^(smembers|sismember|hget|hgetall|hexists|zrange|zscore|exists|get|type|scan|scard)$/i
  const writes = seen.filter(([name = '', ...rest]) => !reads.test(name) && rest.some((word) => word.includes(`${fd}`)))
  const names = writes.map(([name, ...rest]) => `${name?.toLowerCase()} ${rest.join(' ')}`)
  expect(names[0]).toBe(`sadd ${list} ${fd}`)
  expect(names.at(-1)).toBe(`srem ${list} ${fd}`)
  // Whoever goes on after a death in the middle reads who it was, and where it stood.
  const at = (pattern: RegExp) => names.findLastIndex((name) => pattern.test(name))
  const last = [
    /^zrem WEBSOCKET_USERFDS_/,
    /^eval.* WEBSOCKET_UIDTOFD order /,
    /^srem ORDER_ROOM/,
    /^srem ORDER_SET/,
  ].map(at)
  expect(Math.min(...last)).toBeGreaterThan(0)
  expect(at(/^hdel WEBSOCKET_FDINFO/)).toBeGreaterThan(Math.max(...last))
  expect(at(/^del WEBSOCKET_FdCloseSetKey_/)).toBeGreaterThan(Math.max(...last))
})

test('what MSwoole has left in a set is taken out by the first message to it', async () => {
  const one = await enter(here, phone('one'))
  const two = await enter(there, phone('two'))
  await redis.sadd('OLD_SET', 1, 2, 3, one.fd, two.fd)
  one.client.send({ method: 'cluster.kit.say', target: 'OLD_SET', text: 'anybody there' })
  await Promise.all([one.client.next('said'), two.client.next('said')])
  await eventually(async () => {
    expect((await redis.smembers('OLD_SET')).map(Number).sort()).toEqual([one.fd, two.fd].sort())
  })
  await Promise.all([one.client.close(), two.client.close()])
})
