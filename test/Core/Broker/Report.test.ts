import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { gatewayOf } from '../Faults/support'
import { Cluster, does, fdOf, measured, sentTo } from './support'

const all = (count: number) => ({ targeted: count, delivered: count, dropped: 0 })

let cluster: Cluster
let clients: Client[]
let fds: number[]
beforeAll(async () => {
  cluster = await Cluster.start(2)
  clients = await Promise.all([0, 1, 2, 3].map((machine) => cluster.connect(machine, phone(`r${machine % 2}`))))
  fds = await Promise.all(clients.map(fdOf))
})
afterAll(() => cluster.stop())

function client(index: number): Client {
  const found = clients[index]
  if (found === undefined) throw new Error(`there is no client ${index}`)
  return found
}

const fd = (index: number) => fds[index] ?? 0

test('a report counts whom a message reached on all machines', async () => {
  const one = client(0)
  for (const index of [0, 1, 2]) await does(client(index), 'fdJoin', fd(index), 'REPORTED')
  await cluster.store.sadd('REPORTED_SET', fd(1), fd(3), 5000 * 2 ** 32 + 1)
  await cluster.store.sadd('RAW_REPORTED', fd(0), fd(1))
  expect(await does(one, 'report', fd(0), 'own')).toEqual(all(1))
  expect(await does(one, 'report', fd(3), 'foreign')).toEqual(all(1))
  expect(await does(one, 'report', fd(3), 'left out', fd(3))).toEqual(all(0))
  expect(await does(one, 'report', 'REPORTED', 'group')).toEqual(all(3))
  expect(await does(one, 'report', 'REPORTED', 'group less one', fd(1))).toEqual(all(2))
  expect(await does(client(3), 'report', 'REPORTED', 'from outside')).toEqual(all(3))
  expect(await does(one, 'report', 'REPORTED_SET', 'set')).toEqual({ targeted: 3, delivered: 2, dropped: 1 })
  expect(await does(one, 'report', 'RAW_REPORTED', 'raw')).toEqual(all(2))
  expect(await does(one, 'report', 'NOWHERE', 'nobody')).toEqual(all(0))
  expect(await does(one, 'reportUser', 'r1', 'wechatUser', 'user')).toEqual(all(2))
  expect(await does(one, 'reportPort', 'main', 'port', fd(2))).toEqual(all(3))
  expect(await does(one, 'reportPort', 'second', 'port')).toEqual(all(0))
  expect(await does(one, 'reportAll', 'all')).toEqual(all(4))
  const gotten = clients.map((one) => sentTo(one))
  await eventually(() =>
    expect(clients.map((one) => sentTo(one))).toEqual([
      ['own', 'group', 'group less one', 'from outside', 'raw', 'port', 'all'],
      ['group', 'from outside', 'set', 'raw', 'user', 'port', 'all'],
      ['group', 'group less one', 'from outside', 'all'],
      ['foreign', 'set', 'user', 'port', 'all'],
    ]),
  )
  expect(gotten).toHaveLength(4)
  const closed = await cluster.connect(1)
  const gone = await fdOf(closed)
  await closed.close()
  expect(await does(one, 'report', gone, 'too late')).toEqual({ targeted: 1, delivered: 0, dropped: 1 })
  expect(await does(one, 'report', 5000 * 2 ** 32 + 1, 'never')).toEqual({ targeted: 1, delivered: 0, dropped: 1 })
})

test('a gateway that is stopped does not hang who asks: 503 after about two seconds', async () => {
  const [, machine] = cluster.machines
  if (machine === undefined) throw new Error('two machines were asked for')
  const gateway = gatewayOf(machine)
  process.kill(gateway, 'SIGSTOP')
  onTestFinished(() => {
    process.kill(gateway, 'SIGCONT')
  })
  const asked = [
    ['report', 'REPORTED', 'x'],
    ['report', fd(1), 'x'],
    ['reportAll', 'x'],
    ['kick', fd(1)],
    ['fdJoin', fd(1), 'X'],
    ['fdAddController', fd(1), 'Bus.Kit'],
    ['connectionCount'],
  ] as const
  const began = performance.now()
  const askers = await Promise.all(asked.map(() => cluster.connect(0)))
  const answers = asked.map(([verb, ...args], index) => askers[index]?.call('bus.kit.do', { verb, args }))
  for (const answer of answers) expect((await answer)?.status).toBe(503)
  measured('503 for what a gateway that is stopped should do', { ms: Math.round(performance.now() - began) })
  // Nobody else waits meanwhile.
  expect(await does(client(0), 'report', fd(0), 'x')).toEqual(all(1))
  await Promise.all(askers.map((asker) => asker.close()))
})
