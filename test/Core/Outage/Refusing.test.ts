import type { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../../support/eventually'
import { pidsOf as gatewaysOf } from '../../support/program'
import { type RedisServer, startRedis } from '../../support/redis'
import type { Server } from '../../support/server'
import { instanceOf, looks } from '../Cluster/cluster'
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

/** Longer than a lease lasts that cannot be renewed. */
const REFUSES_MS = 7000

let redis: RedisServer
let machines: Server[]
let store: Redis
let members: Member[]
beforeEach(async () => {
  redis = await startRedis()
  machines = await Promise.all([startMachine(redis.url), startMachine(redis.url)])
  store = storeOf(redis.url)
  members = await crowd(machines, 20)
})
afterEach(async () => {
  await Promise.all(machines.map((machine) => machine.stop()))
  store.disconnect()
  await redis.stop()
})

const arrives = async (n: number, machine: Server | undefined) => {
  if (machine) members.push(await Member.connect(machine, { id: `late${n}`, type: 'wechatUser', code: 'A' }))
}

/** Everything is as it should be, and stays so when leases have had the time to run out. */
async function isRight(refusal = 'none'): Promise<void> {
  await recordIsRight(store, members)
  await channelsAreRight(store, members)
  await groupsAreRight(members)
  await allAreThere(members)
  const errors = machines.flatMap(unexpected)
  expect(errors.filter((line) => !JSON.stringify(line).includes(refusal))).toEqual([])
}

test('Redis has no memory left: what it refuses is tried again until it is on record, the connection never breaks', async () => {
  const pids = machines.flatMap(pidsOf)
  await store.config('SET', 'maxmemory', '1')
  for (const [n, machine] of machines.entries()) await arrives(n, machine)
  const [leaver] = members.splice(0, 1)
  await leaver?.client.close()
  const [first] = members
  expect((await first?.refused('join', { name: 'OUTAGE_FULL' }))?.event).not.toBe('no refusal')
  await eventually(async () => expect(await store.hlen('WEBSOCKET_FDINFO')).toBe(members.length - machines.length))
  await lasts(REFUSES_MS)
  await allAreThere(members)
  await store.config('SET', 'maxmemory', '0')
  await isRight('OOM command not allowed') // the join above
  expect(machines.flatMap(pidsOf)).toEqual(pids)
})

test('Redis is a replica for a while: 503 for what would be written, and all heals', async () => {
  const pids = machines.flatMap(pidsOf)
  await store.replicaof('127.0.0.1', 1)
  await eventually(async () => expect((await members[1]?.refused('incr'))?.event).toBe('serviceUnavailable'))
  for (const action of ['incr', 'join', 'leave']) {
    const [name = ''] = [...(members[2]?.groups ?? [])]
    const refusal = await members[2]?.refused(action, { name: action === 'join' ? 'OUTAGE_REPLICA' : name })
    expect(refusal?.event).toBe('serviceUnavailable')
    expect(refusal?.ms).toBeLessThan(SOON)
  }
  members[2]?.groups.clear() // it was let go by its gateway, whatever Redis said
  for (const [n, machine] of machines.entries()) await arrives(n, machine)
  const [leaver] = members.splice(0, 1)
  await leaver?.client.close()
  await lasts(REFUSES_MS)
  await allAreThere(members)
  await store.replicaof('NO', 'ONE')
  await isRight()
  expect(machines.flatMap(pidsOf)).toEqual(pids)
})

test('Redis comes back with an old memory, in which leases have run out: nobody who lives is reaped', async () => {
  await store.save()
  await lasts(REFUSES_MS)
  const [, slow] = machines
  const [gateway] = gatewaysOf(slow?.runtime ?? '', 'Gateway/main.js')
  if (gateway === undefined) throw new Error('the second machine has no gateway')
  // The first machine is back before the second one: long enough for its reaper to look at the leases.
  process.kill(gateway, 'SIGSTOP')
  await redis.restart()
  await looks(redis, instanceOf(members[1]?.fd ?? 0), 2)
  process.kill(gateway, 'SIGCONT')
  await isRight()
})
