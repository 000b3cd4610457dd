import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Greeting, LINK_VERSION, writeGreeting } from '../../../Core/Link/Greeting'
import { RecordWriter } from '../../../Core/Link/Records'
import { joinGateway } from '../../../Core/Link/Socket'
import { Hosting, SECRET } from './hosting'

let host: Hosting
beforeEach(async () => {
  host = await Hosting.open()
})
afterEach(() => host.close())

function greeting(part: Partial<Greeting> = {}): Buffer {
  const writer = new RecordWriter()
  writeGreeting(writer, { secret: SECRET, worker: 7, pid: 1, way: 'up', ...part })
  return writer.take()
}

async function dial(): Promise<Socket> {
  const socket = connect(host.path)
  socket.on('error', () => {}) // its close tells
  await once(socket, 'connect')
  socket.resume()
  return socket
}

/** @returns why it was refused; its socket is closed by then */
async function refusedFor(bytes: Buffer): Promise<string | undefined> {
  const socket = await dial()
  const closed = once(socket, 'close')
  socket.write(bytes)
  const { reason } = await host.next('refused')
  await closed
  return reason
}

test('a worker that knows the secret is welcomed, and speaks to the gateway', async () => {
  const link = await joinGateway(host.path, { secret: SECRET, worker: 3 })
  expect(await host.next('joined')).toMatchObject({ id: 3 })
  expect(host.workers[0]?.pid).toBe(process.pid)
  link.toGateway.send(5, 'hello', true)
  await host.listener.said.next(({ what, text }) => what === 'last' && text === 'hello')
  await link.close()
})

test('a wrong secret is refused, shorter and longer ones too', async () => {
  for (const secret of ['', 'x', SECRET.replace('a', 'b'), `${SECRET}x`]) {
    await expect(joinGateway(host.path, { secret, worker: 3 })).rejects.toThrow('did not take the worker')
    expect((await host.next('refused')).reason).toBe('the secret is wrong')
  }
  expect(host.workers).toEqual([])
})

test('another version of the link is refused, and told to use restart', async () => {
  const other = greeting()
  other.writeDoubleLE(LINK_VERSION + 1, 5) // behind length and type
  expect(await refusedFor(other)).toContain(
    `version ${LINK_VERSION + 1} of the link, this gateway ${LINK_VERSION}: use restart`,
  )
})

test('what is no greeting is refused: garbage, another record, no way, half a field', async () => {
  expect(await refusedFor(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toMatch(/a record of \d+ bytes/)
  const other = new RecordWriter()
  other.begin(16, 1).flag(true).end('hello')
  expect(await refusedFor(other.take())).toBe('the first record is no greeting')
  const wayless = greeting()
  wayless.write('xx', wayless.length - 2)
  expect(await refusedFor(wayless)).toBe('there is no way xx')
  const short = new RecordWriter()
  short.begin(64, LINK_VERSION).end()
  expect(await refusedFor(short.take())).toBe('a record ends before its fields do')
  expect(host.workers).toEqual([])
})

test('a greeting that comes in pieces is a greeting', async () => {
  const [up, down] = [await dial(), await dial()]
  down.write(greeting({ way: 'down' }))
  for (const byte of greeting()) {
    up.write(Buffer.of(byte))
    await new Promise(setImmediate)
  }
  expect(await host.next('joined')).toMatchObject({ id: 7 })
  up.destroy()
  down.destroy()
})

test('a worker with one socket only has not joined, and may come again', async () => {
  const half = await dial()
  half.write(greeting())
  half.end()
  await once(half, 'close')
  const link = await joinGateway(host.path, { secret: SECRET, worker: 7 })
  expect(host.workers).toHaveLength(1)
  await link.close()
  await host.next('lost')
})
