import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeGreeting } from '../../../Core/Link/Greeting'
import { RecordWriter } from '../../../Core/Link/Records'
import type { Client } from '../../support/client'
import { Load } from '../../support/load'
import { HEARTBEAT_MS, Pulse } from '../../support/pulse'
import { type RedisServer, startRedis } from '../../support/redis'
import { Server } from '../../support/server'
import { count, ended, expectNothingLost, gatewayOf, onePerWorker } from './support'

let redis: RedisServer
let server: Server
let caller: Client
let neighbour: Client
let gateway: number
beforeAll(async () => {
  redis = await startRedis() // by TCP, so that the only unix sockets of a worker are its link
  server = await Server.start({ fixture: 'faults', env: { APP_MODE: 'process', REDIS_URL: redis.url } })
  ;[caller, neighbour] = await onePerWorker(server)
  gateway = gatewayOf(server)
})
afterAll(async () => {
  await server.stop()
  await redis.stop()
})

const BROKEN = 'a worker sent what is no record and is ended'

const UNLINKED = 'a worker has lost its link to a gateway that lives, and is ended'

/** The length of a record of 1000 bytes, and ten of them. */
const HALF = 'e8030000'.padEnd(28, '0')

test.each([
  ['a length beyond all bounds', 'ff'.repeat(64), 'goOn', BROKEN],
  ['a length of nothing', '00'.repeat(64), 'goOn', BROKEN],
  ['a record of a type that there is not', '09000000c80000000000000000', 'goOn', BROKEN],
  ['a record that ends before its fields do', '09000000120000000000000000', 'goOn', BROKEN],
  ['half a record, and ends', HALF, 'end', UNLINKED],
  ['half a record, and breaks off', HALF, 'destroy', UNLINKED],
])('a worker that writes %s into its link loses it, its clients stay, it is replaced', async (_, hex, after, said) => {
  const before = await count(caller)
  const load = await Load.connect({
    url: server.url(),
    clients: 20,
    inFlight: 2,
    method: 'fault.work.count',
    data: () => ({ ms: 20 }),
  })
  load.run()
  caller.send({ method: 'fault.link.write', hex, after })
  await server.logged(({ msg }) => msg === said)
  await ended([before.pid])
  const [mine, others] = await Promise.all([count(caller), count(neighbour)])
  expect(mine.count).toBe(before.count + 1)
  expect(mine.pid).not.toBe(before.pid)
  expect(others.pid).not.toBe(before.pid)
  expectNothingLost(await load.pause())
  expect(gatewayOf(server)).toBe(gateway)
  await load.close()
})

test('half a record with more behind it breaks the link as soon as what follows fits no record', async () => {
  const before = await count(caller)
  caller.send({ method: 'fault.link.write', hex: HALF, after: 'goOn' })
  for (let call = 0; call < 30; call++) caller.send({ method: 'fault.work.count' })
  await server.logged(({ msg }) => msg === BROKEN)
  await ended([before.pid])
  expect((await count(caller)).pid).not.toBe(before.pid)
})

function greeting(secret: string, version?: number): Buffer {
  const writer = new RecordWriter()
  writeGreeting(writer, { secret, worker: 1, pid: process.pid, way: 'up' })
  const bytes = Buffer.from(writer.take())
  if (version !== undefined) bytes.writeDoubleLE(version, 5)
  return bytes
}

async function stranger(says: Buffer): Promise<Socket> {
  const socket = connect(join(server.runtime, 'link-1.sock'))
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.resume()
  if (says.length > 0) socket.write(says)
  return socket
}

test.each([
  ['a wrong secret', () => greeting('0'.repeat(64)), 'the secret is wrong'],
  ['no secret', () => greeting(''), 'the secret is wrong'],
  ['another version', () => greeting('0'.repeat(64), 99), 'version 99'],
  ['no greeting', () => Buffer.from('09000000140000000000000000', 'hex'), 'no greeting'],
  ['garbage', () => Buffer.alloc(1000, 0xff), 'a record of'],
])('a stranger at the link with %s is refused at once, with a line in the log', async (_, says, said) => {
  const pulse = await Pulse.start(server.url())
  const socket = await stranger(says())
  await once(socket, 'close')
  const { reason } = await server.logged(
    ({ msg }) => msg === 'somebody who is no worker of this gateway tried to join it',
  )
  expect(reason).toContain(said)
  await Promise.all([count(caller), count(neighbour)])
  expect(pulse.worst).toBeLessThan(HEARTBEAT_MS)
  await pulse.stop()
})

test('strangers who say nothing, or half a greeting, are dropped by themselves, and workers can join meanwhile', async () => {
  const silent = await Promise.all([stranger(Buffer.alloc(0)), stranger(greeting('x').subarray(0, 7))])
  const closed = Promise.all(silent.map((socket) => once(socket, 'close')))
  const before = await count(neighbour)
  neighbour.send({ method: 'fault.crash.die' })
  await neighbour.next('serviceUnavailable')
  expect((await count(neighbour)).pid).not.toBe(before.pid)
  let late: NodeJS.Timeout | undefined
  const deadline = new Promise((_, reject) => {
    late = setTimeout(() => reject(new Error('strangers were not dropped')), 30_000)
  })
  await Promise.race([closed, deadline])
  clearTimeout(late)
})
