import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../support/eventually'
import { type RedisServer, startRedis } from '../../support/redis'
import type { Server } from '../../support/server'
import { measured } from '../Faults/support'
import {
  allAreThere,
  channelsAreRight,
  crowd,
  Failed,
  group,
  groupsAreRight,
  lasts,
  Member,
  memoryOf,
  pidsOf,
  recordIsRight,
  startMachine,
  storeOf,
  unexpected,
} from './outage'

const KILLS_MS = 20_000
const EVERY_MS = 100

/** What the memory of a process may grow by, in MiB. */
const GROWTH = 100

let redis: RedisServer
let machines: Server[]
let store: Redis
let members: Member[]
beforeAll(async () => {
  redis = await startRedis()
  machines = await Promise.all([startMachine(redis.url), startMachine(redis.url)])
  store = storeOf(redis.url)
  members = await crowd(machines, 100)
  await groupsAreRight(members)
})
afterAll(async () => {
  await Promise.all(machines.map((machine) => machine.stop()))
  store.disconnect()
  await redis.stop()
})

/** Joins, leaves and talks until it is told to end; knows of every call how it ended. */
async function lives(member: Member, goesOn: () => boolean, outcomes: Map<string, number>): Promise<void> {
  for (let n = 0; goesOn(); n++) {
    const name = group(Math.floor(n / 4) + member.fd) // what it joins it leaves
    const act = [
      () => member.call('say', { name, text: 'under load' }),
      () => member.join(name),
      () => member.leave(name),
      () => member.call('incr'),
    ][n % 4]
    const outcome = await act?.().then(
      () => 'done',
      (error: unknown) => (error instanceof Failed ? error.frame.event : String(error)),
    )
    outcomes.set(`${outcome}`, (outcomes.get(`${outcome}`) ?? 0) + 1)
  }
}

/** Who hears what is said to each group, as far as it is exactly those who stand in its set. */
async function realMembers(): Promise<void> {
  const mark = randomUUID()
  const [speaker] = members
  const names = Array.from({ length: 10 }, (_, n) => group(n))
  for (const name of names) await speaker?.call('say', { name, text: `${mark} ${name}` })
  await eventually(async () => {
    for (const name of names) {
      const heard = members.filter((member) => member.heard(`${mark} ${name}`).length === 1)
      expect(heard.map(({ fd }) => `${fd}`).sort(), name).toEqual((await store.smembers(name)).sort())
    }
  }, 3000)
  for (const member of members) {
    member.groups.clear()
    for (const name of names) if (member.heard(`${mark} ${name}`).length > 0) member.groups.add(name)
  }
}

test('all connections to Redis are broken again and again for 20 s under load: afterwards everything is right', async () => {
  const pids = machines.flatMap(pidsOf)
  const before = machines.map(memoryOf)
  let goesOn = true
  let kills = 0
  const outcomes = new Map<string, number>()
  const living = members.slice(0, 60).map((member) => lives(member, () => goesOn, outcomes))
  const comingAndGoing = async () => {
    for (let n = 0; goesOn; n++) {
      await lasts(EVERY_MS * 2)
      const [leaver] = members.splice(60, 1)
      await leaver?.client.close()
      const machine = machines[n % 2]
      if (machine === undefined) continue
      const arrival = await Member.connect(machine, { id: `new${n % 20}`, type: 'wechatUser', code: 'A' })
      members.push(arrival)
      await arrival.join(group(n)).catch(() => {}) // as it may be
    }
  }
  const others = comingAndGoing()
  const end = performance.now() + KILLS_MS
  while (performance.now() < end) {
    for (const type of ['normal', 'pubsub']) await store.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes')
    kills++
    await lasts(EVERY_MS)
  }
  goesOn = false
  await Promise.all([...living, others])
  const after = machines.map(memoryOf)
  measured('connections to Redis broken for 20 s', { kills, calls: Object.fromEntries(outcomes), before, after })
  expect([...outcomes.keys()].sort()).toEqual(['done', 'serviceUnavailable'])
  expect(machines.flatMap(pidsOf)).toEqual(pids)
  expect(machines.flatMap(unexpected)).toEqual([])
  for (const [n, { gateway, workers }] of after.entries()) {
    expect(gateway).toBeLessThan((before[n]?.gateway ?? 0) + GROWTH)
    expect(workers[0]).toBeLessThan((before[n]?.workers[0] ?? 0) + GROWTH)
  }
})

test('its groups are their real members, its record is who is connected', async () => {
  await eventually(realMembers)
  await recordIsRight(store, members)
  await channelsAreRight(store, members)
  await groupsAreRight(members)
  await allAreThere(members)
})
