import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually } from '../../support/eventually'
import { type RedisServer, startRedis } from '../../support/redis'
import type { Server } from '../../support/server'
import { gatewaysOf, instanceOf, pidsOf, told, traces } from '../Cluster/cluster'
import { addressOf } from '../Manager/ask'
import type { Project } from '../Reload/project'
import {
  Arrivals,
  complaints,
  DRAIN_S,
  enterMany,
  expectExact,
  type Guest,
  makeProject,
  restart,
  serves,
} from './restarting'

let store: RedisServer
let redis: Redis
let project: Project
let server: Server
beforeAll(async () => {
  store = await startRedis()
  redis = new Redis(store.url)
})
beforeEach(async () => {
  await redis.flushall()
  project = makeProject()
  server = await project.start({ REDIS_URL: store.url })
})
afterEach(async () => {
  await server.stop()
  project.delete()
})
afterAll(async () => {
  redis.disconnect()
  await store.stop()
})

const OLD = 200

/** What the machine may be late, in seconds. */
const MARGIN_S = 15
const OTHERS = 20

/** @returns how many of these were told to come back in each tenth of `drain_time`, by the clock of the workers */
function tenthsOf({ log }: Server, guests: readonly Guest[]): number[] {
  const fds = guests.map(({ fd }) => fd)
  const times = log.all.flatMap(({ msg, told: fd, time }) =>
    msg === 'Room was told' && fds.includes(Number(fd)) ? new Date(String(time)).getTime() : [],
  )
  const first = Math.min(...times)
  const tenths: number[] = []
  for (const time of times) {
    const tenth = Math.floor((time - first) / (DRAIN_S * 100))
    while (tenths.length <= tenth) tenths.push(0)
    tenths[tenth] = (tenths[tenth] ?? 0) + 1
  }
  return tenths
}

test('new clients are served all the time, old ones are told to come back one after the other, and the record is exact', async () => {
  const other = await project.start({ REDIS_URL: store.url })
  try {
    const elsewhere = await enterMany(other, OTHERS, 'elsewhere')
    const old = await enterMany(server, OLD, 'old')
    const before = pidsOf(server)
    const oldInstances = new Set(old.map(({ fd }) => instanceOf(fd)))
    expect(oldInstances.size).toBe(2)

    project.version(2)
    const arrivals = new Arrivals(server, 50)
    const { code, stdout, stderr } = await restart(server, project)
    await arrivals.stop()
    expect({ code, stdout }).toEqual({ code: 0, stdout: '服务已重启' })
    expect(stderr).toMatch(/^2 new gateways and 2 new workers are ready\nthey serve; the old ones make way\n/)

    for (const { client } of old) expect(await client.closed).toEqual({ code: 1012, reason: 'restart, come back' })
    await eventually(() =>
      expect([...told([server], 'Room').keys()]).toEqual(expect.arrayContaining(old.map(({ fd }) => fd))),
    )
    for (const { fd } of old) expect(told([server], 'Room').get(fd)).toBe(1)
    const tenths = tenthsOf(server, old)
    expect(tenths.length).toBeLessThanOrEqual(10 + 10 * (MARGIN_S / DRAIN_S))
    expect(Math.max(...tenths)).toBeLessThan(OLD * 0.9)

    expect(arrivals.failed).toEqual([])
    expect(arrivals.came.length).toBeGreaterThan(OLD / 4)
    const open = arrivals.came.filter(({ client }) => client.socket.readyState === client.socket.OPEN)
    const fallen = arrivals.came.filter(({ client }) => !open.some((one) => one.client === client))
    // Only who came before the new gateways listened had to go once more, and nobody twice.
    for (const { client, fd } of fallen) {
      expect(await client.closed).toMatchObject({ code: 1012 })
      expect(oldInstances).toContain(instanceOf(fd))
    }
    for (const { fd } of open) expect(oldInstances).not.toContain(instanceOf(fd))
    expect(open.length).toBeGreaterThan(0)

    const present = [...open, ...elsewhere]
    await expectExact(
      redis,
      present.map(({ fd }) => fd),
    )
    expect(
      await traces(
        redis,
        [...old, ...fallen].map(({ fd }) => fd),
      ),
    ).toEqual([])
    for (const instance of oldInstances) expect(await redis.get(`WEBSOCKET_INSTANCE_${instance}_LEASE`)).toBe('dead')

    const [someone, witness] = [open[0]?.client, elsewhere[0]?.client]
    expect((await someone?.call('calls.calls.now'))?.param).toMatchObject({ version: 2 })
    someone?.send({ method: 'room.room.say', text: 'hello' })
    expect(await witness?.next('said')).toMatchObject({ info: 'hello' })
    for (const { client } of elsewhere) expect(client.socket.readyState).toBe(client.socket.OPEN)

    const [supervisor, ...children] = pidsOf(server)
    expect(supervisor).toBe(before[0])
    expect(children).toHaveLength(4)
    for (const pid of children) expect(before).not.toContain(pid)
    expect(complaints(server)).toEqual([])
    expect(complaints(other)).toEqual([])
  } finally {
    await other.stop()
  }
})

test('two at once come one after the other, and a reload waits, too', async () => {
  const [first, second] = await Promise.all([restart(server, project), restart(server, project)])
  expect([first.code, second.code]).toEqual([0, 0])
  const steps = () => server.log.all.flatMap(({ msg }) => (msg.startsWith('restart: ') ? msg : []))
  const one = ['restart: new processes serve', 'restart: the last old process has ended']
  await eventually(() => expect(steps()).toEqual([...one, ...one])) // the console may hear of it before this test does
  const again = restart(server, project)
  await eventually(() => expect(server.log.all.filter(({ msg }) => msg === 'restart')).toHaveLength(3))
  server.process.kill('SIGHUP')
  expect((await again).code).toBe(0)
  await server.logged(({ msg }) => msg === 'reload: the last old worker has ended')
  const all = server.log.all.flatMap(({ msg }) => (/^re(load|start): /.test(msg) ? msg : []))
  const reload = ['reload: new code serves', 'reload: the last old worker has ended']
  expect(all).toEqual([...one, ...one, ...one, ...reload])
})

test.each([
  ['dies', 'SIGKILL'],
  ['stands still', 'SIGSTOP'],
] as const)('an old gateway that %s while it makes way leaves no ghost, and the restart ends', async (_, signal) => {
  const old = await enterMany(server, 40, 'old')
  const before = gatewaysOf(server)
  const restarting = restart(server, project)
  await serves(server)
  process.kill(before.at(-1) ?? 0, signal)
  // Somebody listens all the time, so a load balancer need not look elsewhere.
  expect((await fetch(`http://${addressOf(server.runtime)}/readyz`)).status).toBe(200)
  expect((await restarting).code).toBe(0)
  for (const { client } of old) expect([1006, 1012]).toContain((await client.closed).code)
  await eventually(async () =>
    expect(
      await traces(
        redis,
        old.map(({ fd }) => fd),
      ),
    ).toEqual([]),
  )
  await eventually(() => {
    for (const { fd } of old) expect(told([server], 'Room').has(fd)).toBe(true)
  })
  await expectExact(redis, [])
  expect(gatewaysOf(server)).toHaveLength(2)
})

test('a new gateway, and an old worker, that are killed while the old gateways drain are replaced', async () => {
  const old = await enterMany(server, 40, 'old')
  const before = pidsOf(server)
  const restarting = restart(server, project)
  await serves(server)
  const gateway = gatewaysOf(server).find((pid) => !before.includes(pid))
  process.kill(gateway ?? 0, 'SIGKILL')
  process.kill(before.at(-1) ?? 0, 'SIGKILL')
  await server.logged(({ msg }) => msg === 'a new gateway serves')
  expect((await restarting).code).toBe(0)
  for (const { client, fd } of old) {
    expect(await client.closed).toMatchObject({ code: 1012 })
    expect(told([server], 'Room').has(fd)).toBe(true)
  }
  const again = await enterMany(server, 20, 'again')
  await eventually(() =>
    expectExact(
      redis,
      again.map(({ fd }) => fd),
    ),
  )
  expect(pidsOf(server)).toHaveLength(5)
})
