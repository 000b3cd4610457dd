import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { instanceOf, leaseKey } from '../../../Core/Record/Keys'
import { Client, type UserFields } from '../../support/client'
import { eventually } from '../../support/eventually'
import { Server } from '../../support/server'
import { gatewayOf } from '../Faults/support'
import { Cluster, does, fdOf } from './support'

const user = (type: string, id: string): UserFields => ({ id, type, code: 'A', nickname: id })
const REPLACED = { code: 4409, reason: 'replaced by a newer login' }

let cluster: Cluster
beforeAll(async () => {
  cluster = await Cluster.start(2, { TEST_LOGIN: 'kickOld' })
})
afterAll(() => cluster.stop())

const isOpen = ({ socket }: Client) => socket.readyState === socket.OPEN

/** The record knows this connection of the user, and no other. */
async function expectAlone(client: Client, type: string, id: string): Promise<void> {
  const fd = `${await fdOf(client)}`
  await eventually(async () => {
    expect(await cluster.store.zrange(`WEBSOCKET_USERFDS_${type}:${id}`, 0, '-1')).toEqual([fd])
    if (type === 'wechatUser') expect(await cluster.store.hget('WEBSOCKET_UIDTOFD', id)).toBe(fd)
    expect(await cluster.store.hexists('WEBSOCKET_FDINFO', fd)).toBe(1)
  })
}

describe.each([
  { where: 'the same machine', second: 0 },
  { where: 'another machine', second: 1 },
])('a second login on $where', ({ where, second }) => {
  test('replaces the first one (kickOld)', async () => {
    for (const type of ['k', 'wechatUser']) {
      const old = await cluster.connect(0, user(type, where))
      await fdOf(old)
      const young = await cluster.connect(second, user(type, where))
      expect(await old.closed).toEqual(REPLACED)
      await expectAlone(young, type, where)
      await young.close()
    }
  })

  test('is refused, and the next one after the first has gone is not (rejectNew)', async () => {
    const first = await cluster.connect(0, user('r', where))
    await expectAlone(first, 'r', where)
    const refused = await cluster.connect(second, user('r', where))
    expect(await refused.closed).toEqual(REPLACED)
    await expectAlone(first, 'r', where)
    first.reset()
    await first.closed
    const next = await cluster.connect(second, user('r', where))
    await expectAlone(next, 'r', where)
    await next.close()
  })

  test('stands beside the first one (allow)', async () => {
    const clients = [await cluster.connect(0, user('wall', where)), await cluster.connect(second, user('wall', where))]
    const fds = await Promise.all(clients.map(fdOf))
    expect(await does(clients[0] ?? never(), 'userFds', where, 'wall')).toEqual(fds)
    expect(clients.every(isOpen)).toBe(true)
    await Promise.all(clients.map((client) => client.close()))
  })
})

test('the same id of another type is another user', async () => {
  const clients = await Promise.all(['k', 'r', 'wechatUser'].map((type) => cluster.connect(1, user(type, 'types'))))
  await Promise.all(clients.map(fdOf))
  expect(clients.every(isOpen)).toBe(true)
  await Promise.all(clients.map((client) => client.close()))
})

test.each(['k', 'r', 'wechatUser'])('of two logins at once on two machines exactly one stays (%s)', async (type) => {
  const users = Array.from({ length: 50 }, (_, index) => `twice${index}`)
  const pairs = await Promise.all(
    users.map(async (id) => ({
      id,
      clients: await Promise.all([0, 1].map((machine) => cluster.connect(machine, user(type, id)))),
    })),
  )
  await eventually(() => {
    for (const { clients } of pairs) expect(clients.filter(isOpen)).toHaveLength(1)
  })
  const stay = pairs.map(({ id, clients }) => ({ id, client: clients.find(isOpen) ?? never() }))
  for (const { clients } of pairs) {
    const [gone = never()] = clients.filter((client) => !isOpen(client))
    expect(await gone.closed).toEqual(REPLACED)
  }
  for (const { id, client } of stay) await expectAlone(client, type, id)
  expect(stay.every(({ client }) => isOpen(client))).toBe(true)
  await Promise.all(stay.map(({ client }) => client.close()))
})

test('many logins of one user, one after the other on all machines: the last one stays (kickOld)', async () => {
  const clients: Client[] = []
  for (let n = 0; n < 20; n++) {
    const client = await cluster.connect(n, user('wechatUser', 'many'))
    await fdOf(client) // it is on record: a handshake alone is not yet a login
    clients.push(client)
  }
  await eventually(() => expect(clients.filter(isOpen)).toEqual(clients.slice(-1)))
  await expectAlone(clients.at(-1) ?? never(), 'wechatUser', 'many')
  await clients.at(-1)?.close()
})

test('what a machine that was killed has left refuses nobody (rejectNew)', async () => {
  const machine = await Server.start({ fixture: 'broker', env: { REDIS_URL: cluster.redis.url, APP_MODE: 'base' } })
  onTestFinished(async () => {
    await machine.stop('SIGKILL')
  })
  const old = await Client.connect(machine.url(), user('r', 'ghost'))
  await expectAlone(old, 'r', 'ghost')
  const oldFd = await fdOf(old)
  const [supervisor, gateway] = [machine.process.pid ?? 0, gatewayOf(machine)]
  process.kill(supervisor, 'SIGKILL')
  process.kill(gateway, 'SIGKILL')
  await old.closed
  // It is not the end of its lease that lets the next one in.
  expect(await cluster.store.persist(leaseKey(instanceOf(oldFd)))).toBe(1)
  const next = await cluster.connect(0, user('r', 'ghost'))
  await fdOf(next)
  await expectAlone(next, 'r', 'ghost')
  await next.close()
})

function never(): never {
  throw new Error('this is not there')
}
