import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { type RedisServer, startRedis } from '../../support/redis'
import type { Server } from '../../support/server'
import { measured } from '../Faults/support'
import {
  allTold,
  CLEAN_MS,
  crowd,
  enter,
  fdOf,
  gatewayOf,
  instanceOf,
  LEASE_MS,
  looks,
  type Member,
  offRecord,
  pidsOf,
  signal,
  startMachine,
  told,
  traces,
} from './cluster'

const CROWD = 50

let server: RedisServer
let redis: Redis
let machines: Server[]
let paused: number[]
beforeEach(async () => {
  server = await startRedis()
  redis = new Redis(server.url)
  machines = []
  paused = []
})
afterEach(async () => {
  signal(paused, 'SIGCONT')
  await Promise.all(machines.map((machine) => machine.stop()))
  redis.disconnect()
  await server.stop()
})

async function start(env: Readonly<Record<string, string>> = {}): Promise<Server> {
  const machine = await startMachine(server, env)
  machines.push(machine)
  return machine
}

const fdsOf = (members: readonly Member[]) => members.map(({ fd }) => fd)

const place = { groups: ['ROOM'], keys: ['HAND_SET'], controllers: ['Cluster.Witness'] }

function pause(pids: readonly number[]): void {
  paused = [...pids]
  signal(pids, 'SIGSTOP')
}

function goOn(): void {
  signal(paused.splice(0), 'SIGCONT')
}

/** Its connections are closed, its process is replaced, and nothing of it stands on record. */
async function expectGone(machine: Server, pid: number, members: readonly Member[]): Promise<void> {
  const codes = await Promise.all(members.map(({ client }) => client.closed.then(({ code }) => code)))
  expect(new Set(codes)).toEqual(new Set([1012]))
  await eventually(() => expect(gatewayOf(machine)).not.toBe(pid))
  const instances = members.map(({ fd }) => instanceOf(fd))
  let later: Client | undefined
  await eventually(async () => {
    later = await Client.connect(machine.url(), phone('later'))
  })
  if (later) expect(instances).not.toContain(instanceOf(await fdOf(later)))
  await offRecord(redis, fdsOf(members))
}

describe.each([
  ['a gateway', (machine: Server) => [gatewayOf(machine)]],
  ['a whole machine', pidsOf],
])('%s stands still until it was taken for dead', (what, pids) => {
  test('when it goes on it closes its connections, runs nothing that they sent, and is another one', async () => {
    const [still, other] = [await start(), await start()]
    const members = await crowd(CROWD, (index) => enter(still, phone(`m${index}`), place))
    const fds = fdsOf(members)
    const gateway = gatewayOf(still)
    pause(pids(still))
    const began = performance.now()
    await offRecord(redis, fds)
    const reapedMs = performance.now() - began
    expect(await allTold(machines, 'Witness', fds)).toEqual([])
    expect(members.every(({ client }) => client.socket.readyState === client.socket.OPEN)).toBe(true)

    for (const { client } of members) client.send({ method: 'cluster.kit.mark', text: 'sent during the pause' })
    // These, too, reach a gateway that has been dead for long: through its worker, and over the bus.
    const foreign = await enter(other, phone('foreign'))
    const [first] = fds
    foreign.client.send({ method: 'cluster.kit.join', of: first, name: 'LATE' })
    foreign.client.send({ method: 'cluster.kit.addController', of: first, name: 'Cluster.Witness' })
    const newcomer = Client.connect(still.url(), phone('newcomer')) // the kernel accepts it; nobody else does
    newcomer.catch(() => {})
    goOn()
    await expectGone(still, gateway, members)
    measured(`${what} paused`, { reapedMs: Math.round(reapedMs) })

    expect(await redis.lrange('CLUSTER_MARKS', 0, '-1')).toEqual([])
    for (const [fd, times] of told(machines, 'Witness')) expect(times, `${fd}`).toBe(1)
    expect([...told(machines, 'Witness').keys()].sort()).toEqual(fds.sort())
    expect(await redis.exists('LATE')).toBe(0)
    const dead = instanceOf(first ?? 0)
    await eventually(async () => expect(await redis.sismember('WEBSOCKET_INSTANCE_LIST', dead)).toBe(0))
    expect(await redis.exists(`WEBSOCKET_INSTANCE_${dead}_FDS`)).toBe(0)
    expect(await redis.get(`WEBSOCKET_INSTANCE_${dead}_LEASE`)).toBe('dead')
    await eventually(async () => {
      const living = (await redis.smembers('WEBSOCKET_INSTANCE_LIST')).map(Number)
      for (const fd of await redis.hkeys('WEBSOCKET_FDINFO')) expect(living).toContain(instanceOf(Number(fd)))
    })
    expect(foreign.client.socket.readyState).toBe(foreign.client.socket.OPEN)
  }, 300_000)
})

test('whoever stood still does not go on before Redis has said that it may, also when it has to connect again first', async () => {
  const [still] = [await start(), await start()]
  const members = await crowd(CROWD, (index) => enter(still, phone(`m${index}`), place))
  const fds = fdsOf(members)
  const gateway = gatewayOf(still)
  pause([gateway])
  await offRecord(redis, fds)
  for (const { client } of members.slice(1)) client.send({ method: 'cluster.kit.mark', text: 'sent during the pause' })
  members[0]?.client.socket.terminate() // its close, too, comes late
  await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  goOn()
  await expectGone(still, gateway, members.slice(1))
  expect(await redis.lrange('CLUSTER_MARKS', 0, '-1')).toEqual([])
  expect(await allTold(machines, 'Witness', fds)).toEqual([])
}, 300_000)

test('a worker asks for something while its gateway stands still: it is refused when the gateway was taken for dead', async () => {
  const [still] = [await start(), await start()]
  const slow = await enter(still, phone('slow'), place)
  slow.client.send({ method: 'cluster.kit.joinLater', group: 'LATE' })
  await slow.client.next('waiting')
  const gateway = gatewayOf(still)
  pause([gateway])
  await offRecord(redis, [slow.fd])
  await redis.set('CLUSTER_GATE', 'open')
  await still.logged(({ msg }) => msg === 'joinLater goes on')
  goOn()
  await expectGone(still, gateway, [slow])
  expect(await redis.exists('LATE')).toBe(0)
}, 300_000)

test('a pause that is shorter than a lease disturbs nobody', async () => {
  const [still] = [await start(), await start()]
  const members = await crowd(CROWD, (index) => enter(still, phone(`m${index}`), place))
  const fds = fdsOf(members)
  const gateway = gatewayOf(still)
  const lease = `WEBSOCKET_INSTANCE_${instanceOf(fds[0] ?? 0)}_LEASE`
  await eventually(async () => expect(await redis.pttl(lease)).toBeGreaterThan(5500))
  pause([gateway])
  const words = members.map(({ client }) => client.call('cluster.kit.mark', { text: 'during a short pause' }))
  // Until it has missed a renewal, and long before the lease would run out, also where this test is late.
  await eventually(async () => expect(await redis.pttl(lease)).toBeLessThan(3500))
  goOn()
  for (const { event } of await Promise.all(words)) expect(event).toBe('marked')
  expect(await redis.llen('CLUSTER_MARKS')).toBe(CROWD)
  expect(gatewayOf(still)).toBe(gateway)
  expect(await redis.scard('ROOM')).toBe(CROWD)
  expect(told(machines, 'Witness').size).toBe(0)
  expect(members.every(({ client }) => client.socket.readyState === client.socket.OPEN)).toBe(true)
}, 300_000)

test('Redis stands still for 10 s: nobody is taken for dead', async () => {
  const [one, two] = [await start(), await start()]
  const members = await crowd(CROWD, (index) => enter(index % 2 === 0 ? one : two, phone(`m${index}`), place))
  const fds = fdsOf(members)
  const instances = [...new Set(fds.map(instanceOf))]
  const pids = [gatewayOf(one), gatewayOf(two)]
  await aLeaseOfContact()
  await server.kill('SIGSTOP')
  await new Promise((resolve) => setTimeout(resolve, 10_000)) // what is tested
  await server.kill('SIGCONT')
  await eventually(async () => {
    for (const instance of instances) {
      expect(await redis.get(`WEBSOCKET_INSTANCE_${instance}_LEASE`)).toMatch(/^.{36}$/)
    }
  })
  await aLeaseOfContact()
  await eventually(async () => {
    for (const { client } of members) expect((await client.call('cluster.kit.who')).event).toBe('who')
  })
  expect([gatewayOf(one), gatewayOf(two)]).toEqual(pids)
  expect(told(machines, 'Witness').size).toBe(0)
  expect((await redis.smembers('ROOM')).map(Number).sort()).toEqual(fds.sort())
  expect(await traces(redis, fds)).toContain('WEBSOCKET_FDINFO')
}, 300_000)

test('all machines and Redis stand still together: who wakes first takes nobody for dead', async () => {
  const [one, two] = [await start(), await start()]
  const members = await crowd(CROWD, (index) => enter(index % 2 === 0 ? one : two, phone(`m${index}`), place))
  await aLeaseOfContact()
  const pids = [gatewayOf(one), gatewayOf(two)]
  pause(pids)
  // The leases run out while nobody is there to see it.
  const [ofFirst = 0, ofSecond = 0] = fdsOf(members).map(instanceOf)
  const leases = [ofFirst, ofSecond].map((instance) => `WEBSOCKET_INSTANCE_${instance}_LEASE`)
  await eventually(async () => expect(await redis.exists(...leases)).toBe(0))
  const looked = looks(server, ofSecond, 2)
  const [first = 0, second = 0] = paused.splice(0)
  signal([first], 'SIGCONT')
  await looked
  signal([second], 'SIGCONT')
  await eventually(async () => expect(await redis.exists(...leases)).toBe(2), CLEAN_MS)
  for (const { client } of members) expect((await client.call('cluster.kit.who')).event).toBe('who')
  expect(told(machines, 'Witness').size).toBe(0)
  expect([gatewayOf(one), gatewayOf(two)]).toEqual(pids)
}, 300_000)

/** A reaper would act by now. */
async function aLeaseOfContact(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, LEASE_MS + 1500))
}
