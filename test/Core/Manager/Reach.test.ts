import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Client, phone, wall } from '../../support/client'
import { eventually } from '../../support/eventually'
import { runConsole } from '../../support/program'
import { Cluster, does, fdOf } from '../Broker/support'
import { ask } from './ask'

/** Two machines with two gateways each: the kernel deals connections out to the gateways of a machine. */
let cluster: Cluster
let clients: Client[] = []
beforeAll(async () => {
  cluster = await Cluster.start(2, { APP_GATEWAYS: '2', APP_WORKERS: '1' })
})
afterAll(() => cluster.stop())
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()))
  clients = []
  // Whoever is still on record would be counted in the next test.
  await eventually(async () => expect(await cluster.store.keys('WEBSOCKET_INSTANCE_*_FDS')).toEqual([]))
})

const runtime = (machine: number) => cluster.machines[machine]?.runtime ?? ''

const console = (...args: string[]) => runConsole(args, { env: { APP_RUNTIME: runtime(0) } })

async function tell(command: object): Promise<unknown> {
  const { answers } = await ask(runtime(0), JSON.stringify({ ...command, format: 'json' }))
  return JSON.parse(answers[0] ?? '')
}

/** Connects until every gateway of both machines has somebody. @returns the fds */
async function connectToAll(): Promise<number[]> {
  const fds: number[] = []
  const gateways = new Set<number>()
  while (gateways.size < 4 || clients.length < 12) {
    const client = await cluster.connect(clients.length, phone(`u${clients.length % 5}`))
    clients.push(client)
    const fd = await fdOf(client)
    fds.push(fd)
    gateways.add(Math.floor(fd / 2 ** 32))
  }
  return fds
}

/** The texts that a client was told by the console; what was sent before the call has come when this resolves. */
async function heard(client: Client): Promise<unknown[]> {
  await fdOf(client)
  return client.frames.all.flatMap(({ event, param }) => (event === 'serverBroadcast' ? [param] : []))
}

const each = (count: number) => ({ ok: true, targeted: count, delivered: count, dropped: 0 })

describe('say', () => {
  test('reaches each public connection of two gateways on two machines exactly once, and prints how many', async () => {
    await connectToAll()
    expect(await console('say', '停机')).toEqual({ code: 0, stdout: `已发送给 ${clients.length} 个连接`, stderr: '' })
    for (const client of clients) {
      await client.next('serverBroadcast')
      expect(await heard(client)).toEqual(['停机'])
    }
  })

  test('--dry-run counts, and sends nothing', async () => {
    const fds = await connectToAll()
    await cluster.store.sadd('RAW_DRY', ...fds.slice(0, 3), 5000 * 2 ** 32 + 1)
    expect(await console('say', 'x', '--dry-run')).toMatchObject({ stdout: `将发送给 ${fds.length} 个连接`, code: 0 })
    const dryRun = { method: 'say', say: 'x', dryRun: true }
    expect(await tell({ ...dryRun, group: 'RAW_DRY' })).toMatchObject({ targeted: 4, delivered: 3, dropped: 1 })
    expect(await tell({ ...dryRun, fd: fds[0] })).toMatchObject({ ...each(1), dryRun: true })
    const ofUser = clients.filter((_, index) => index % 5 === 1).length
    expect(await tell({ ...dryRun, user: 'u1' })).toMatchObject(each(ofUser))
    for (const client of clients) expect(await heard(client)).toEqual([])
  })

  test('--group and --user reach those alone', async () => {
    const fds = await connectToAll()
    const members = [0, 1, 5]
    for (const index of members) await does(at(index), 'fdJoin', fds[index] ?? 0, 'SAID')
    expect(await console('say', 'room', '--group', 'SAID')).toMatchObject({ code: 0, stdout: '已发送给 3 个连接' })
    const other = await cluster.connect(1, wall('u2'))
    clients.push(other)
    expect(await console('say', 'you', '--user', 'u2', '--type', 'wall')).toMatchObject({ stdout: '已发送给 1 个连接' })
    expect(await tell({ method: 'say', say: 'nobody', group: 'NOWHERE' })).toMatchObject(each(0))
    await eventually(async () => {
      for (const [index, client] of clients.slice(0, -1).entries()) {
        expect(await heard(client)).toEqual(members.includes(index) ? ['room'] : [])
      }
    })
    expect(await heard(other)).toEqual(['you'])
  })

  test('two at the same time are each told their own count', async () => {
    const [fd = 0] = await connectToAll()
    const [all, one] = await Promise.all([tell({ method: 'say', say: 'all' }), tell({ method: 'say', say: 'one', fd })])
    expect(all).toMatchObject(each(clients.length))
    expect(one).toMatchObject(each(1))
  })
})

describe('kick', () => {
  const kicked = { code: 4403, reason: 'kicked' }

  test('closes one connection, wherever it is, with 4403', async () => {
    const fds = await connectToAll()
    for (const index of [0, 1, 2, 3]) {
      expect(await console('kick', String(fds[index]))).toEqual({ code: 0, stdout: '已断开 1 个连接', stderr: '' })
      expect(await at(index).closed).toEqual(kicked)
    }
    expect(await console('kick', String(fds[0]))).toMatchObject({ code: 0, stdout: '已断开 0 个连接' })
    expect(await tell({ method: 'say', say: 'x', dryRun: true })).toMatchObject(each(fds.length - 4))
  })

  test('closes those of a group or set, or every connection of a user, and nobody else', async () => {
    const fds = await connectToAll()
    await does(at(0), 'fdJoin', fds[0] ?? 0, 'KICKED')
    await cluster.store.sadd('KICKED', fds[1] ?? 0, 5000 * 2 ** 32 + 1)
    expect(await console('kick', '--group', 'KICKED')).toMatchObject({ code: 0, stdout: '已断开 2 个连接' })
    expect(await Promise.all([at(0).closed, at(1).closed])).toEqual([kicked, kicked])
    const ofUser = clients.filter((_, index) => index % 5 === 2)
    expect(ofUser.length).toBeGreaterThan(1)
    expect(await tell({ method: 'kick', user: 'u2' })).toMatchObject({ ok: true, kicked: ofUser.length })
    for (const client of ofUser) expect(await client.closed).toEqual(kicked)
    expect(await tell({ method: 'say', say: 'x' })).toMatchObject(each(fds.length - 2 - ofUser.length))
  })
})

test.each([
  { method: 'kick' },
  { method: 'kick', fd: 0 },
  { method: 'kick', fd: '7' },
  { method: 'kick', group: '' },
  { method: 'kick', user: { $gt: '' } },
  { method: 'kick', user: '1', group: 'A' },
  { method: 'say', say: 'x', user: '1', fd: 4294967297 },
  { method: 'say', say: 'x', user: '1', type: 5 },
  { method: 'say', say: 'x', dryRun: 'no' },
])('%j is no command', async (command) => {
  expect(await tell(command)).toEqual({ ok: false, message: '格式不符合规范' })
})

test.each([
  [['kick'], 'say whom: an fd, --user or --group, one of them'],
  [['kick', '7', '--user', '1'], 'say whom: an fd, --user or --group, one of them'],
  [['kick', 'abc'], 'It is the number of a connection.'],
  [['say', 'x', '--user', '1', '--group', 'A'], "option '--group <key>' cannot be used with option '--user <id>'"],
])('console %j is refused', async (args, text) => {
  const { code, stdout, stderr } = await console(...args)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain(text)
})

function at(index: number): Client {
  const client = clients[index]
  if (client === undefined) throw new Error(`there is no client ${index}`)
  return client
}
