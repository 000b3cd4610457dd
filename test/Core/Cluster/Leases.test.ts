import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { type RedisServer, startRedis } from '../../support/redis'
import type { Server } from '../../support/server'
import {
  allKeys,
  allTold,
  CLEAN_MS,
  enter,
  fdOf,
  gatewayOf,
  instanceOf,
  offRecord,
  pidsOf,
  signal,
  startMachine,
  told,
} from './cluster'

let server: RedisServer
let redis: Redis
let machines: Server[]
beforeEach(async () => {
  server = await startRedis()
  redis = new Redis(server.url)
  machines = []
})
afterEach(async () => {
  await Promise.all(machines.map((machine) => machine.stop()))
  redis.disconnect()
  await server.stop()
})

async function start(): Promise<Server> {
  const machine = await startMachine(server)
  machines.push(machine)
  return machine
}

const lease = (instance: number) => `WEBSOCKET_INSTANCE_${instance}_LEASE`

async function instanceOn(machine: Server): Promise<number> {
  const client = await Client.connect(machine.url(), phone(`asker${machines.indexOf(machine)}`))
  const instance = instanceOf(await fdOf(client))
  await client.close()
  return instance
}

test('somebody else has the number: the connections are closed with 1012, and the record is left alone', async () => {
  const machine = await start()
  const place = { groups: ['ROOM'], keys: ['HAND_SET'], controllers: ['Cluster.Witness'] }
  const { client, fd } = await enter(machine, phone('one'), place)
  const instance = instanceOf(fd)
  const gateway = gatewayOf(machine)
  const before = await redis.hgetall('WEBSOCKET_FDINFO')
  await redis.set(lease(instance), 'a boot id of somebody else', 'PX', 60_000)

  expect(await client.closed).toMatchObject({ code: 1012 })
  await eventually(() => expect(gatewayOf(machine)).not.toBe(gateway))
  await eventually(async () => expect(await instanceOn(machine)).toBeGreaterThan(instance))
  expect(await redis.get(lease(instance))).toBe('a boot id of somebody else')
  expect(await redis.hget('WEBSOCKET_FDINFO', `${fd}`)).toBe(before[fd])
  expect(await redis.sismember('ROOM', fd)).toBe(1)
  expect(await redis.sismember('HAND_SET', fd)).toBe(1)
  expect(await redis.sismember(`WEBSOCKET_INSTANCE_${instance}_FDS`, fd)).toBe(1)
  expect(await redis.smembers('WEBSOCKET_INSTANCE_LIST')).toContain(`${instance}`)
  expect(told(machines, 'Witness').size).toBe(0)
  // It dies: only then is what it left behind removed.
  await redis.del(lease(instance))
  await offRecord(redis, [fd])
  expect(await allTold(machines, 'Witness', [fd])).toEqual([])
}, 300_000)

test('a gateway that stops, and finds that its number is somebody else’s by now, leaves it on the list', async () => {
  const machine = await start()
  const instance = await instanceOn(machine)
  const pids = pidsOf(machine)
  signal(pids, 'SIGSTOP')
  await redis.set(lease(instance), 'a boot id of somebody else', 'PX', 60_000)
  signal(pids, 'SIGTERM')
  signal(pids, 'SIGCONT')
  await machine.stop()
  expect(await redis.get(lease(instance))).toBe('a boot id of somebody else')
  expect(await redis.smembers('WEBSOCKET_INSTANCE_LIST')).toContain(`${instance}`)
}, 300_000)

test('Redis comes back empty: who starts then gets a number beyond those that live', async () => {
  await redis.set('WEBSOCKET_INSTANCES', 41)
  const machine = await start()
  const { client, fd } = await enter(machine, phone('one'), { groups: ['ROOM'] })
  expect(instanceOf(fd)).toBe(42)
  await server.restart()
  await eventually(async () => expect(await redis.sismember('ROOM', fd)).toBe(1), CLEAN_MS)
  expect(await redis.get('WEBSOCKET_INSTANCES')).toBe('42')
  expect(await instanceOn(await start())).toBe(43)
  expect(client.socket.readyState).toBe(client.socket.OPEN)
}, 300_000)

test('a number whose lease somebody holds, or that was somebody’s, is skipped', async () => {
  await redis.set(lease(1), 'somebody', 'PX', 60_000)
  await redis.set(lease(2), 'dead')
  const machine = await start()
  expect(await instanceOn(machine)).toBe(3)
  expect(await redis.get(lease(1))).toBe('somebody')
  expect(await redis.get('WEBSOCKET_INSTANCES')).toBe('3')
}, 300_000)

test('a lease that Redis has forgotten is taken again, and with it everything that stands in memory', async () => {
  const machine = await start()
  const { client, fd } = await enter(machine, phone('one'), { groups: ['ROOM'], controllers: ['Cluster.Witness'] })
  const boot = await redis.get(lease(instanceOf(fd)))
  await redis.flushall()
  await eventually(async () => {
    expect(await redis.get(lease(instanceOf(fd)))).toBe(boot)
    expect(await redis.smembers('ROOM')).toEqual([`${fd}`])
    expect(await redis.smembers(`WEBSOCKET_FdController_${fd}`)).toEqual(['Cluster.Witness'])
    expect(await redis.hget('WEBSOCKET_UIDTOFD', 'one')).toBe(`${fd}`)
    expect(await redis.get('WEBSOCKET_INSTANCES')).toBe('1')
    expect(await redis.smembers('WEBSOCKET_INSTANCE_LIST')).toEqual(['1'])
  })
  expect(client.socket.readyState).toBe(client.socket.OPEN)
}, 300_000)

test('a clean stop leaves the counter and a tombstone, nothing else', async () => {
  const machine = await start()
  const place = { groups: ['ROOM'], keys: ['HAND_SET'], controllers: ['Cluster.Witness'] }
  const { client, fd } = await enter(machine, phone('one'), place)
  const walked = await enter(machine, phone('two'), place)
  await walked.client.close()
  expect((await machine.stop()).code).toBe(0)
  expect(await client.closed).toMatchObject({ code: 1001 })
  expect(await allTold(machines, 'Witness', [fd, walked.fd])).toEqual([])
  expect(await allKeys(redis)).toEqual([lease(1), 'WEBSOCKET_INSTANCES'].sort())
  expect(await redis.get(lease(1))).toBe('dead')
  expect(await redis.pttl(lease(1))).toBeGreaterThan(24 * 3600 * 1000)
}, 300_000)
