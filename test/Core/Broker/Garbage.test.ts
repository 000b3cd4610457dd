import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BUS_VERSION, type Envelope, encodeEnvelope } from '../../../Core/Gateway/Envelope'
import type { Client } from '../../support/client'
import { eventually } from '../../support/eventually'
import { Cluster, does, fdOf, sentTo } from './support'

let cluster: Cluster
let clients: Client[]
let channels: readonly string[]
beforeAll(async () => {
  cluster = await Cluster.start(2)
  clients = await Promise.all([cluster.connect(0), cluster.connect(1)])
  for (const client of clients) await does(client, 'fdJoin', await fdOf(client), 'HEARD')
  const names = await cluster.store.call('PUBSUB', 'CHANNELS', '*')
  channels = Array.isArray(names) ? names.map(String) : []
})
afterAll(() => cluster.stop())

/** Publishes to every channel on which gateways listen. */
async function publish(bytes: Buffer): Promise<void> {
  for (const channel of channels) expect(await cluster.store.publish(channel, bytes)).toBeGreaterThan(0)
}

/** Both machines still hear each other, and nobody has lost its connection. */
let marks = 0
async function expectAlive(): Promise<void> {
  const mark = `mark ${++marks}`
  for (const client of clients) await does(client, 'to', 'HEARD', mark)
  await eventually(() => {
    for (const client of clients) expect(sentTo(client).filter((text) => text === mark)).toHaveLength(2)
  })
  expect(await does(clients[0] ?? never(), 'connectionCount')).toBe(2)
  for (const { output } of cluster.machines)
    expect(output.filter((line) => line.includes('"level":"fatal"'))).toEqual([])
}

function never(): never {
  throw new Error('there are two clients')
}

test('gateways listen to the channels of all, of their own, and of their groups', () => {
  expect(channels.toSorted()).toEqual([
    'WEBSOCKET_BUS_ALL',
    'WEBSOCKET_BUS_GROUP_HEARD',
    'WEBSOCKET_BUS_INSTANCE_1',
    'WEBSOCKET_BUS_INSTANCE_2',
  ])
})

test('garbage and another version are dropped, counted and logged', async () => {
  const foreign = encodeEnvelope({ kind: 'broadcast', audience: 'all', name: '', except: [], text: '"old"' })
  foreign.writeDoubleLE(BUS_VERSION + 1, 5)
  await publish(foreign)
  const another = await cluster.machines[1]?.logged(({ reason }) => reason === 'another version of the bus')
  expect(another).toMatchObject({ level: 'error', count: 1 })
  for (let n = 0; n < 200; n++) await publish(randomBytes(n))
  await publish(Buffer.from('{"event":"hello"}'))
  const said = await cluster.machines[0]?.logged(({ reason, count }) => reason === 'no envelope' && Number(count) > 300)
  expect(said?.msg).toContain('was dropped')
  await expectAlive()
})

const NONSENSE = [
  '',
  'x',
  'null',
  '[]',
  '{}',
  '"',
  '5',
  '{"fds":5}',
  '{"fds":[{}],"code":"x"}',
  '{"target":null}',
  '{"target":{"audience":"x"}}',
  '{"fds":[1],"text":{}}',
  '{"target":{"audience":"all","name":""},"except":7}',
  '{"target":{"audience":"all","name":""},"except":[]}',
]

describe('what is well-formed and nonsense kills nobody:', () => {
  test('questions', async () => {
    const operations = [
      'join',
      'leave',
      'addCloseKey',
      'addController',
      'kick',
      'count',
      'report',
      'isOpen',
      'kickThese',
      'reportThese',
    ] as const
    const fds = await Promise.all(clients.map(fdOf))
    for (const operation of operations) {
      for (const text of NONSENSE) {
        for (const fd of [0, 2 ** 80]) {
          for (const asker of [1, Number.NaN]) {
            await publish(encodeEnvelope({ kind: 'question', id: 1e9, asker, operation, fd, text }))
          }
        }
      }
    }
    // A frame that ends a connection may not be made of nonsense.
    const kick = JSON.stringify({ fds, code: 'x', reason: { length: 1 } })
    await publish(encodeEnvelope({ kind: 'question', id: 0, asker: 0, operation: 'kickThese', fd: 0, text: kick }))
    await expectAlive()
  })

  test('letters, broadcasts and answers', async () => {
    const envelopes: Envelope[] = [
      ...[0, Number.NaN, -1, 2 ** 80, Number.POSITIVE_INFINITY].map(
        (fd) => ({ kind: 'letter', key: 'NONSENSE', fds: [fd], text: '1' }) as const,
      ),
      ...['', '\0', '群'.repeat(10_000)].map(
        (name) => ({ kind: 'broadcast', audience: 'group', name, except: [Number.NaN], text: '1' }) as const,
      ),
      ...NONSENSE.flatMap((value) =>
        Array.from({ length: 20 }, (_, id) => ({ kind: 'answer', id, failure: '', value }) as const),
      ),
    ]
    for (const envelope of envelopes) await publish(encodeEnvelope(envelope))
    await expectAlive()
  })
})
