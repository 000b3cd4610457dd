import type { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../../support/redis'
import type { Server } from '../../support/server'
import { instanceOf } from '../Cluster/cluster'
import { measured } from '../Faults/support'
import {
  allAreThere,
  channelsAreRight,
  crowd,
  groupsAreRight,
  Member,
  pidsOf,
  recordIsRight,
  SOON,
  startMachine,
  storeOf,
  unexpected,
} from './outage'

// In this order: Redis is killed in the first test, and comes back empty in the second.
let redis: RedisServer
let machines: Server[]
let store: Redis
let members: Member[]
let pids: number[]
/** Closed while Redis was away. */
let leavers: Member[]
beforeAll(async () => {
  redis = await startRedis()
  machines = await Promise.all([startMachine(redis.url), startMachine(redis.url)])
  pids = machines.flatMap(pidsOf)
  store = storeOf(redis.url)
  members = await crowd(machines, 200)
})
afterAll(async () => {
  await Promise.all(machines.map((machine) => machine.stop()))
  store.disconnect()
  await redis.stop()
})

test('before the outage everything is as it should be', async () => {
  await recordIsRight(store, members)
  await channelsAreRight(store, members)
  await groupsAreRight(members)
})

test('Redis is killed: everybody stays, heartbeats are answered, what needs Redis gets 503 within a second', async () => {
  await redis.kill('SIGKILL')
  await allAreThere(members)
  await Promise.all(members.map((member) => member.call('plain')))
  const some = members.slice(0, 20)
  const refused = await Promise.all(some.map((member) => member.refused('incr')))
  refused.push(...(await Promise.all(some.map((member) => member.refused('join', { name: 'OUTAGE_LATE' })))))
  refused.push(...(await Promise.all(some.map((member) => member.refused('connections')))))
  expect(new Set(refused.map(({ event }) => event))).toEqual(new Set(['serviceUnavailable']))
  const named = await Promise.all(some.map((member) => member.unsent([...member.groups][0] ?? '')))
  const slowest = Math.round(Math.max(...named, ...refused.map(({ ms }) => ms)))
  expect(slowest).toBeLessThan(SOON)
  measured('Redis killed: the slowest 503', { ms: slowest })
})

test('people come and go meanwhile', async () => {
  leavers = members.slice(40, 80)
  await Promise.all(leavers.map(({ client }) => client.close()))
  members = members.filter((member) => !leavers.includes(member))
  for (const [n, machine] of [...machines, ...machines].entries()) {
    members.push(await Member.connect(machine, { id: `late${n % 3}`, type: 'wechatUser', code: 'A' }))
  }
  await allAreThere(members)
})

test('Redis comes back empty: everything is right by itself', async () => {
  await redis.restart()
  const ms = await recordIsRight(store, members)
  await channelsAreRight(store, members)
  measured('Redis killed: the record is right after its return', { ms })
  // No number is given out twice: the counter is at least the highest that is in use.
  expect(Number(await store.get('WEBSOCKET_INSTANCES'))).toBe(Math.max(...members.map(({ fd }) => instanceOf(fd))))
  await groupsAreRight(members)
  for (const member of members.slice(-4)) await member.join('OUTAGE_LATE')
  await groupsAreRight(members)
  await recordIsRight(store, members)
  await channelsAreRight(store, members)
  for (const leaver of leavers) {
    const told = machines.flatMap(({ log }) => log.all.filter(({ closed }) => closed === leaver.fd))
    expect(told).toHaveLength(leaver.watches ? 1 : 0)
  }
  expect(machines.flatMap(pidsOf)).toEqual(pids)
  expect(machines.flatMap(unexpected)).toEqual([])
})

test('an operator empties it while all are connected: the renewal of the leases finds it', async () => {
  await store.flushall()
  const ms = await recordIsRight(store, members)
  measured('FLUSHALL: the record is right after', { ms })
  await channelsAreRight(store, members)
  await groupsAreRight(members)
  await allAreThere(members)
  expect(machines.flatMap(unexpected)).toEqual([])
})
