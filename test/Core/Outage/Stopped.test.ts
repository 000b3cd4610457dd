import type { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../../support/redis'
import type { Server } from '../../support/server'
import { measured } from '../Faults/support'
import {
  allAreThere,
  channelsAreRight,
  crowd,
  groupsAreRight,
  lasts,
  Member,
  pidsOf,
  recordIsRight,
  SOON,
  startMachine,
  storeOf,
  unexpected,
} from './outage'

const STOPPED_MS = 10_000

// In this order: Redis stands still from the first test on, and goes on in the last.
let redis: RedisServer
let machines: Server[]
let store: Redis
let members: Member[]
let pids: number[]
beforeAll(async () => {
  redis = await startRedis()
  machines = await Promise.all([startMachine(redis.url), startMachine(redis.url)])
  pids = machines.flatMap(pidsOf)
  store = storeOf(redis.url)
  members = await crowd(machines, 200)
  await groupsAreRight(members)
})
afterAll(async () => {
  await redis.kill('SIGCONT')
  await Promise.all(machines.map((machine) => machine.stop()))
  store.disconnect()
  await redis.stop()
})

let over: Promise<unknown>

/** What needs Redis, at once and from both machines; each by a member of its own, so that none waits for another. */
async function refusals(some: readonly Member[]) {
  const events = new Set<string>()
  const slowest: { [action: string]: number } = {}
  const calls = some.map(async (member, n) => {
    const action = ['incr', 'join', 'leave', 'connections', 'say'][n % 5] ?? ''
    const { event, ms } =
      action === 'say'
        ? { event: 'serviceUnavailable', ms: await member.unsent([...member.groups][0] ?? '') }
        : await member.refused(action, { name: action === 'leave' ? ([...member.groups][0] ?? '') : 'OUTAGE_NEVER' })
    // It may still be carried out, or not: but the gateway has let it go, and so shall the record.
    if (action === 'leave') member.groups.clear()
    events.add(event)
    slowest[action] = Math.round(Math.max(slowest[action] ?? 0, ms))
  })
  await Promise.all(calls)
  return { events: [...events], slowest }
}

test('Redis stands still: everybody stays, heartbeats are answered, what needs Redis gets 503 within a second', async () => {
  await redis.kill('SIGSTOP')
  const longEnough = lasts(STOPPED_MS)
  const first = await refusals(members.slice(0, 40))
  await allAreThere(members)
  const later = await refusals(members.slice(40, 80))
  over = longEnough.then(() => redis.kill('SIGCONT'))
  measured('Redis stopped: the slowest 503, at once and later', [first.slowest, later.slowest])
  expect([first.events, later.events]).toEqual([['serviceUnavailable'], ['serviceUnavailable']])
  const all = [...Object.values(first.slowest), ...Object.values(later.slowest)]
  expect(Math.max(...all)).toBeLessThan(SOON)
})

test('when it goes on, the record is what the gateways hold, and nobody was reaped', async () => {
  const leavers = members.slice(80, 120)
  await Promise.all(leavers.map(({ client }) => client.close()))
  members = members.filter((member) => !leavers.includes(member))
  for (const [n, machine] of [...machines, ...machines].entries()) {
    members.push(await Member.connect(machine, { id: `late${n % 3}`, type: 'wechatUser', code: 'A' }))
  }
  await allAreThere(members)
  await over
  const ms = await recordIsRight(store, members)
  measured('Redis stopped for 10 s: the record is right after it went on', { ms })
  await channelsAreRight(store, members)
  await groupsAreRight(members)
  // Long enough for a lease to run out that nobody renews, and for a reaper to look.
  await lasts(8000)
  await recordIsRight(store, members, '', 0)
  await allAreThere(members)
  for (const leaver of leavers) {
    const told = machines.flatMap(({ log }) => log.all.filter(({ closed }) => closed === leaver.fd))
    expect(told).toHaveLength(leaver.watches ? 1 : 0)
  }
  expect(machines.flatMap(pidsOf)).toEqual(pids)
  expect(machines.flatMap(unexpected)).toEqual([])
})
