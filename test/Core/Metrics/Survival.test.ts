import { afterAll, beforeAll, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { Server } from '../../support/server'
import { gatewaysOf } from '../Crew/crew'
import { workersOf } from '../Faults/support'
import { Scrape } from './scrape'

const CLIENTS = 12
const CALLS = 'mswoole_calls_total'
const OK = { action: 'Count.Kit.ok', outcome: 'ok' }

let server: Server
let clients: Client[]

beforeAll(async () => {
  const env = { APP_MODE: 'process', APP_GATEWAYS: '2', TEST_TIMEOUT: '10' }
  server = await Server.start({ fixture: 'metrics', env })
  clients = await connect()
})
afterAll(() => server.stop())

/** As many as it takes until both gateways have some. */
async function connect(): Promise<Client[]> {
  const connected: Client[] = []
  for (;;) {
    for (let n = 0; n < CLIENTS; n++) connected.push(await Client.connect(server.url(), phone(`${n}`)))
    const scrape = await Scrape.of(server)
    const held = [1, 2].map((n) => scrape.sum('mswoole_connections', { gateway: `gateway ${n}` }))
    if (!held.includes(0)) return connected
  }
}

/** Lets everybody call so often; a call that is lost with its worker is made again. */
async function call(times: number): Promise<void> {
  await Promise.all(
    clients.map(async (client) => {
      for (let n = 0; n < times; n++) await client.call('count.kit.ok', {}, 30_000)
    }),
  )
}

/** Whether no count of one scrape is lower in the next one. */
function expectNoFall(before: Scrape, after: Scrape): void {
  const fallen = [...before.counts].filter(([series, value]) => (after.counts.get(series) ?? -1) < value)
  expect(fallen).toEqual([])
}

test('counts of two gateways and two workers come together, and group sends reach over both', async () => {
  await call(5)
  for (const client of clients) await client.call('count.kit.join', { group: 'EVERYBODY' })
  await clients[0]?.call('count.kit.say', { group: 'EVERYBODY', times: 7 })
  await Promise.all(clients.map((client) => client.next(({ event, info }) => event === 'said' && info === '6')))
  await eventually(async () => {
    const scrape = await Scrape.of(server)
    expect(scrape.sum(CALLS, OK)).toBe(5 * clients.length)
    expect(scrape.sum('mswoole_messages_received_total')).toBe(6 * clients.length + 1)
    expect(scrape.sum('mswoole_deliveries_total')).toBe(7 * clients.length)
    expect(scrape.sum('mswoole_broadcasts_total')).toBe(7)
    expect(scrape.sum('mswoole_bus_dropped_total')).toBe(0)
    expect(scrape.sum('mswoole_gateways')).toBe(2)
    expect(scrape.sum('mswoole_workers')).toBe(2)
    const parts = [1, 2].map((n) => scrape.sum('mswoole_deliveries_total', { gateway: `gateway ${n}` }))
    expect(parts).not.toContain(0)
  })
})

test('a reload loses none of them, not even those of calls that are the last thing that a worker does', async () => {
  await call(3)
  const slow = await Promise.all([1, 2, 3, 4].map((n) => Client.connect(server.url(), phone(`slow${n}`))))
  for (const client of slow) client.send({ method: 'count.kit.slow', ms: 3000 })
  const before = (await Scrape.of(server)).sum(CALLS, OK)
  server.process.kill('SIGHUP')
  await call(20) // while the workers change
  await server.logged(({ msg }) => msg === 'reload: the last old worker has ended')
  const after = await Scrape.of(server)
  expect(after.sum(CALLS, OK)).toBe(before + 20 * clients.length)
  expect(after.sum(CALLS, { action: 'Count.Kit.slow', outcome: 'ok' })).toBe(slow.length)
  expect(after.sum('mswoole_reloads_total', { outcome: 'ok' })).toBe(1)
  expect(after.sum('mswoole_generation')).toBe(2)
  for (const client of slow) await client.close()
})

test('SIGKILL of a worker takes none of them back', async () => {
  let before = await Scrape.of(server)
  for (let round = 0; round < 2; round++) {
    await call(2)
    const [worker = 0] = workersOf(server)
    process.kill(worker, 'SIGKILL')
    const replaced = server.logged(({ msg }) => msg === 'a new worker serves')
    for (let n = 0; n < 3; n++) {
      const after = await Scrape.of(server)
      expectNoFall(before, after)
      before = after
    }
    await replaced
  }
  await call(1)
  const after = await Scrape.of(server)
  expectNoFall(before, after)
  expect(after.sum('mswoole_workers_replaced_total', { reason: 'died' })).toBe(2)
  await eventually(async () => expect((await Scrape.of(server)).sum('mswoole_workers')).toBe(2))
})

test('a worker that stands still is told from one that dies', async () => {
  const client = await Client.connect(server.url())
  client.send({ method: 'count.kit.block', ms: 60_000 })
  await server.logged(({ msg }) => msg === 'a new worker serves', 60_000)
  const scrape = await Scrape.of(server)
  expect(scrape.sum('mswoole_workers_replaced_total', { reason: 'stalled' })).toBe(1)
  expect(scrape.sum('mswoole_workers_replaced_total', { reason: 'died' })).toBe(2)
  expect(scrape.sum('mswoole_messages_refused_total', { reason: 'worker lost' })).toBeGreaterThanOrEqual(1)
  await client.close()
})

test('SIGKILL of a gateway takes none back, and its connections are no longer counted', async () => {
  await eventually(async () => {
    expect((await Scrape.of(server)).sum('mswoole_connections')).toBe(clients.length)
  })
  const before = await Scrape.of(server)
  const [gateway = 0] = gatewaysOf(server)
  process.kill(gateway, 'SIGKILL')
  await server.logged(({ msg }) => msg === 'a new gateway serves', 60_000)
  const after = await Scrape.of(server)
  expectNoFall(before, after)
  expect(after.sum('mswoole_gateways_replaced_total')).toBe(1)
  const alive = clients.filter(({ socket }) => socket.readyState === socket.OPEN).length
  expect(alive).toBeLessThan(clients.length)
  expect(after.sum('mswoole_connections')).toBe(alive)
  let last = after
  // What it had counted is put to the past meanwhile: at no moment does anything go down or count twice.
  for (const end = performance.now() + 1500; performance.now() < end; ) {
    const next = await Scrape.of(server)
    expectNoFall(last, next)
    expect(next.sum('mswoole_messages_received_total')).toBe(after.sum('mswoole_messages_received_total'))
    last = next
  }
})
