import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { Server } from '../../support/server'
import { Cluster, does, fdOf, sentTo } from './support'

const FDS = 2 ** 32

let cluster: Cluster
let clients: Client[]
let fds: number[]
beforeAll(async () => {
  cluster = await Cluster.start(2)
  clients = await Promise.all([0, 1, 2, 3].map((machine) => cluster.connect(machine)))
  fds = await Promise.all(clients.map(fdOf))
})
afterAll(() => cluster.stop())
afterEach(() => cluster.store.del('SET', 'RAW_SET', 'NO_SET'))

function client(index: number): Client {
  const found = clients[index]
  if (found === undefined) throw new Error(`there is no client ${index}`)
  return found
}

/** What all clients got of these texts, in order. */
const gotten = (prefix: string) => clients.map((one) => sentTo(one).filter((text) => text.startsWith(prefix)))

/** Everybody got this, and no more: a message to all, sent after it, has come to everybody. */
async function expectGotten(prefix: string, expected: readonly (readonly string[])[]): Promise<void> {
  await eventually(() => expect(gotten(prefix)).toEqual(expected))
  for (const [index, one] of clients.entries()) await does(one, 'toAll', `end of ${prefix} ${index}`)
  await eventually(() => {
    for (const one of clients) {
      expect(sentTo(one).filter((text) => text.startsWith(`end of ${prefix}`))).toHaveLength(clients.length)
    }
  })
  expect(gotten(prefix)).toEqual(expected)
}

test.each(['SET', 'RAW_SET'])(
  '%s, filled by hand, reaches its fds on both machines once each and in order',
  async (key) => {
    await cluster.store.sadd(key, ...fds.slice(0, 3), 'nonsense', '-1', '1.5', '')
    for (let n = 0; n < 100; n++) {
      const args = n % 10 === 9 ? [key, `${key} ${n}`, fds[0] ?? 0, fds[1] ?? 0] : [key, `${key} ${n}`]
      client(3).send({ method: 'bus.kit.do', verb: 'to', args })
    }
    const all = Array.from({ length: 100 }, (_, n) => `${key} ${n}`)
    const some = all.filter((_, n) => n % 10 !== 9)
    await expectGotten(`${key} `, [some, some, all, []])
    expect((await cluster.store.smembers(key)).sort()).toEqual(
      [...fds.slice(0, 3), 'nonsense', '-1', '1.5', ''].map(String).sort(),
    )
  },
)

test('what is sent to a set before Redis has said that nobody listens stays in order', async () => {
  const { store } = cluster
  for (let round = 0; round < 30; round++) {
    const key = `SET ${round}`
    await store.sadd(key, fds[0] ?? 0, fds[1] ?? 0)
    const texts = Array.from({ length: 40 }, (_, n) => `${key}: ${n}`)
    // Not all in one write: their ways to Redis and back are to overlap.
    for (const text of texts) {
      client(3).send({ method: 'bus.kit.do', verb: 'to', args: [key, text] })
      await nextTurn()
    }
    await expectGotten(`${key}:`, [texts, texts, [], []])
    await store.del(key)
  }
}, 300_000)

test('a raw key is right when it is filled both ways; any other one is a group as soon as somebody joins', async () => {
  await does(client(0), 'fdJoin', fds[0] ?? 0, 'RAW_SET')
  await cluster.store.sadd('RAW_SET', fds[1] ?? 0, fds[2] ?? 0)
  await does(client(3), 'to', 'RAW_SET', 'both 1')
  await expectGotten('both', [['both 1'], ['both 1'], ['both 1'], []])
  await does(client(0), 'fdLeave', fds[0] ?? 0, 'RAW_SET')
})

test('a close key lets an fd leave its set when it closes, wherever; without one it goes with the next message', async () => {
  const guests = await Promise.all([0, 1, 0, 1].map((machine) => cluster.connect(machine)))
  const theirs = await Promise.all(guests.map(fdOf))
  await cluster.store.sadd('SET', ...theirs, fds[0] ?? 0)
  for (const [index, guest] of guests.slice(0, 2).entries())
    await does(guest, 'fdAddCloseKey', theirs[index] ?? 0, 'SET')
  await Promise.all(guests.map((guest) => guest.close()))
  const members = async () => (await cluster.store.smembers('SET')).map(Number).sort((a, b) => a - b)
  const left = [fds[0] ?? 0, ...theirs.slice(2)].sort((a, b) => a - b)
  await eventually(async () => expect(await members()).toEqual(left))
  await does(client(3), 'to', 'SET', 'kept alive')
  await eventually(async () => expect(await members()).toEqual([fds[0]]))
  await expectGotten('kept', [['kept alive'], [], [], []])
})

test('an fd of an instance that is only silent stays in its set; one of an instance with a tombstone goes, however many they are', async () => {
  const silent = 5000 * FDS + 1
  const { store } = cluster
  await store.set('WEBSOCKET_INSTANCE_5001_LEASE', 'dead')
  await store.set('WEBSOCKET_INSTANCE_5002_LEASE', 'some boot')
  const dead = Array.from({ length: 150_000 }, (_, n) => 5001 * FDS + n + 1)
  for (let at = 0; at < dead.length; at += 10_000) await store.sadd('SET', ...dead.slice(at, at + 10_000))
  await store.sadd('SET', silent, 5002 * FDS + 1, fds[0] ?? 0, fds[1] ?? 0, 7)
  await does(client(0), 'to', 'SET', 'tomb 1')
  const alive = [fds[0] ?? 0, fds[1] ?? 0, silent, 5002 * FDS + 1]
  await eventually(async () => expect(await store.scard('SET')).toBe(alive.length))
  expect((await store.smembers('SET')).sort()).toEqual(alive.map(String).sort())
  await expectGotten('tomb', [['tomb 1'], ['tomb 1'], [], []])
})

test('a key that is no set costs nobody else anything, and is logged', async () => {
  await cluster.store.set('NO_SET', 'a text')
  await cluster.store.sadd('SET', fds[1] ?? 0)
  for (let n = 0; n < 20; n++) {
    client(0).send({ method: 'bus.kit.do', verb: 'to', args: ['NO_SET', 'lost'] })
    client(0).send({ method: 'bus.kit.do', verb: 'to', args: ['SET', `found ${n}`] })
  }
  await expectGotten('found', [[], Array.from({ length: 20 }, (_, n) => `found ${n}`), [], []])
  await cluster.machines[0]?.logged(({ msg, reason }) => msg.includes('were lost') && reason === 'Redis refused')
  await expect(does(client(0), 'fdJoin', fds[0] ?? 0, 'NO_SET')).rejects.toThrow('500')
  await does(client(0), 'to', 'NO_SET', 'lost')
  await expectGotten('lost', [[], [], [], []])
  expect(await cluster.channels()).not.toContain('WEBSOCKET_BUS_GROUP_NO_SET')
})

test('a group send costs one PUBLISH and reads no set, whatever the group’s size', async () => {
  for (const [index, one] of clients.entries()) await does(one, 'fdJoin', fds[index] ?? 0, 'COUNTED')
  for (const size of [4, 100]) {
    const guests = await Promise.all(Array.from({ length: size - 4 }, (_, index) => cluster.connect(index)))
    for (const guest of guests) await does(guest, 'fdJoin', await fdOf(guest), 'COUNTED')
    const before = await Promise.all(['publish', 'smembers', 'sismember'].map((command) => cluster.calls(command)))
    const looks = before[1] // the reaper reads the list of instances once a second
    for (let n = 0; n < 50; n++) client(0).send({ method: 'bus.kit.say', group: 'COUNTED', n: size * 100 + n })
    const last = ({ event, param }: { event: string; param?: unknown }) => event === 'said' && param === size * 100 + 49
    await Promise.all([...clients, ...guests].map((one) => one.next(last)))
    const after = await Promise.all(['publish', 'smembers', 'sismember'].map((command) => cluster.calls(command)))
    expect(after[0]).toBe((before[0] ?? 0) + 50)
    expect((after[1] ?? 0) - (looks ?? 0)).toBeLessThan(50) // a message each would be more
    await Promise.all(guests.map((guest) => guest.close()))
  }
})

test.each(['base', 'process'])(
  'alone on the embedded store a gateway publishes nothing in Redis (%s mode)',
  async (mode) => {
    const server = await Server.start({ fixture: 'broker', env: { APP_MODE: mode } })
    const store = server.store()
    try {
      const alone = await Client.connect(server.url(), phone('alone'))
      const fd = await fdOf(alone)
      await does(alone, 'fdJoin', fd, 'ALONE')
      await store.sadd('RAW_ALONE', fd)
      for (const key of ['ALONE', 'RAW_ALONE']) await does(alone, 'to', key, key)
      await does(alone, 'toAll', 'all')
      await does(alone, 'sayAndLeave', fd, 'ALONE', 'bye')
      await eventually(() => expect(sentTo(alone).toSorted()).toEqual(['ALONE', 'RAW_ALONE', 'all', 'bye before']))
      expect(await does(alone, 'connectionCount')).toBe(1)
      alone.send({ method: 'bus.kit.do', verb: 'kick', args: [fd] })
      expect((await alone.closed).code).toBe(4403)
      const info = await store.info('commandstats')
      expect(info).toContain('cmdstat_sadd') // these are the figures
      expect(info).not.toMatch(/cmdstat_(publish|subscribe|psubscribe)/)
    } finally {
      store.disconnect()
      await server.stop()
    }
  },
)
