import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../../support/eventually'
import type { Server } from '../../support/server'
import { count, expectNothingLost, workersOf } from '../Faults/support'
import {
  closeAll,
  connectMany,
  GATEWAYS,
  gatewayReplaced,
  gatewaysOf,
  instancesOf,
  loadOnOneGateway,
  startCrew,
} from './crew'

let server: Server
beforeEach(async () => {
  server = await startCrew()
})
afterEach(() => server.stop())

test('connections spread over two gateways on one port, each gateway is served by each worker, and all get answers', async () => {
  expect(gatewaysOf(server)).toHaveLength(GATEWAYS)
  expect(server.log.all.find(({ msg }) => msg === 'started')).toMatchObject({ gateways: GATEWAYS, workers: 2 })
  const clients = await connectMany(server, 40)
  expect(instancesOf(clients)).toEqual(new Set([0, 1]))
  expect(new Set(clients.map(({ instance, pid }) => `${instance} ${pid}`)).size).toBe(4)
  expect(new Set(clients.map(({ fd }) => fd)).size).toBe(clients.length)
})

test('a gateway that is killed takes its own connections along, and nothing else: workers and the other gateway go on', async () => {
  const workers = workersOf(server)
  const { load, other } = await loadOnOneGateway(server)
  load.run()
  const clients = await connectMany(server, 20)
  process.kill(other, 'SIGKILL')
  await gatewayReplaced(server)
  const again = await connectMany(server, 40)
  const account = await load.pause()
  expectNothingLost(account)
  expect(account.statuses).toEqual({ 200: account.sent })
  expect(workersOf(server)).toEqual(workers)

  const [survivor] = instancesOf(clients.filter(({ client }) => client.socket.readyState === client.socket.OPEN))
  const fallen = clients.filter(({ instance }) => instance !== survivor)
  expect(fallen.length).toBeGreaterThan(0)
  for (const { client } of fallen) expect((await client.closed).code).toBe(1006)
  // Two gateways have died: the one that stays is one of the first two, the new one the fourth that ever started.
  expect(instancesOf(again)).toEqual(new Set([survivor, 3]))
  expect(new Set(again.map(({ pid }) => pid))).toEqual(new Set(workers))
  await load.close()
})

test('both gateways killed at once come back with the same workers', async () => {
  const workers = workersOf(server)
  const clients = await connectMany(server, 10)
  for (const pid of gatewaysOf(server)) process.kill(pid, 'SIGKILL')
  for (const { client } of clients) expect((await client.closed).code).toBe(1006)
  await gatewayReplaced(server)
  await gatewayReplaced(server)
  const again = await connectMany(server, 40)
  expect(instancesOf(again)).toEqual(new Set([2, 3]))
  expect(workersOf(server)).toEqual(workers)
})

test('a worker that is killed while a gateway starts serves at both gateways in the end', async () => {
  const [dies = 0] = gatewaysOf(server)
  const [worker = 0] = workersOf(server)
  process.kill(dies, 'SIGKILL')
  process.kill(worker, 'SIGKILL')
  await Promise.all([gatewayReplaced(server), server.logged(({ msg }) => msg === 'a new worker serves')])
  await eventually(async () => {
    const clients = await connectMany(server, 40)
    await closeAll(clients)
    expect(new Set(clients.map(({ instance, pid }) => `${instance} ${pid}`)).size).toBe(4)
    expect(clients.map(({ pid }) => pid)).not.toContain(worker)
  })
})

test('workers are killed under load with two gateways: nobody falls, each call is answered or named', async () => {
  const { load } = await loadOnOneGateway(server)
  const clients = await connectMany(server, 20)
  load.run()
  for (let kill = 0; kill < 6; kill++) {
    const [worker = 0] = workersOf(server)
    process.kill(worker, 'SIGKILL')
    await server.logged(({ msg }) => msg === 'a new worker serves')
  }
  const account = await load.pause()
  expectNothingLost(account)
  expect(account.statuses).toEqual({ 200: account.answered })
  // Sessions, too, are where they were.
  for (const { client } of clients) expect((await count(client)).count).toBe(2)
  await load.close()
})

test('a stop closes both gateways in good order', async () => {
  const clients = await connectMany(server, 10)
  const stopped = server.stop()
  for (const { client } of clients) expect((await client.closed).code).toBe(1001)
  expect(await stopped).toEqual({ code: 0, signal: null })
  expect(server.log.all.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([])
})
