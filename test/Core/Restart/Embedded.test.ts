import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../../support/eventually'
import { startRedis } from '../../support/redis'
import { PATH_WITHOUT_REDIS, type Server } from '../../support/server'
import { instanceOf, pidsOf, told } from '../Cluster/cluster'
import type { Project } from '../Reload/project'
import { Arrivals, complaints, enterMany, expectExact, makeProject, restart, serves } from './restarting'

/** Far longer than anything here takes: on the embedded store nothing is spread. */
const DRAIN_S = 60

let project: Project
afterEach(() => project.delete())

describe.each(['process', 'base'] as const)('on the embedded store, %s mode', (mode) => {
  let server: Server
  beforeEach(async () => {
    project = makeProject({ setting: { mode, worker_num: 1, drain_time: DRAIN_S, max_wait_time: 4 } })
  })
  afterEach(() => server.stop())

  test.each([
    ['a Redis of its own', process.env.PATH ?? '', 2],
    ['the store in memory', PATH_WITHOUT_REDIS, 1],
  ])('%s: all clients are told to come back at once and can, and no ghost stays', async (_, path, stay) => {
    server = await project.start({ PATH: path })
    const before = pidsOf(server)
    const old = await enterMany(server, 50, 'old')
    project.version(2)
    const restarting = restart(server, project)
    await serves(server)
    for (const { client } of old) expect(await client.closed).toEqual({ code: 1012, reason: 'restart, come back' })
    const again = await enterMany(server, 50, 'again')
    expect((await restarting).code).toBe(0)
    expect(new Set(again.map(({ fd }) => instanceOf(fd)))).toEqual(new Set([1]))
    for (const { client } of again) expect(client.socket.readyState).toBe(client.socket.OPEN)
    expect((await again[0]?.client.call('calls.calls.now'))?.param).toMatchObject({ version: 2 })
    await eventually(() => {
      for (const { fd } of old) expect(told([server], 'Room').get(fd)).toBe(1)
    })
    const store = server.store()
    await expectExact(
      store,
      again.map(({ fd }) => fd),
    )
    store.disconnect()
    expect(pidsOf(server).filter((pid) => before.includes(pid)).length).toBe(stay)
    expect(complaints(server)).toEqual([])
  })
})

test('in base mode on a real Redis the closes are spread, and new clients served all the time', async () => {
  const redis = await startRedis()
  project = makeProject({ setting: { mode: 'base', drain_time: 10, max_wait_time: 4 } })
  const server = await project.start({ REDIS_URL: redis.url })
  try {
    const old = await enterMany(server, 50, 'old')
    const restarting = restart(server, project)
    await serves(server)
    const arrivals = new Arrivals(server, 20)
    await Promise.race(old.map(({ client }) => client.closed))
    // The first one has gone, and the last one has time.
    const open = () => old.filter(({ client }) => client.socket.readyState === client.socket.OPEN).length
    expect(open()).toBeGreaterThan(25)
    const { code, stderr } = await restarting
    expect(code).toBe(0)
    expect(stderr).toMatch(
      /^the new process serves; the old one makes way\n(\d+ clients left\n)+the old process has ended$/,
    )
    await arrivals.stop()
    expect(arrivals.failed).toEqual([])
    for (const { client, fd } of old) {
      expect(await client.closed).toMatchObject({ code: 1012 })
      await eventually(() => expect(told([server], 'Room').get(fd)).toBe(1))
    }
    for (const { client } of arrivals.came) expect(client.socket.readyState).toBe(client.socket.OPEN)
    await eventually(() => expect(complaints(server)).toEqual([]))
  } finally {
    await server.stop()
    await redis.stop()
  }
})
