import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { GatewayRecords, readForGateway } from '../../../Core/Link/Codec'
import { RecordWriter } from '../../../Core/Link/Records'
import { joinGateway } from '../../../Core/Link/Socket'
import { StreamReader, StreamWriter } from '../../../Core/Link/Stream'
import { Hosting, Listener, SECRET } from './hosting'

const folder = mkdtempSync(join(tmpdir(), 'mswoole-stream-'))
const path = join(folder, 'a.sock')
const server = createServer({ pauseOnConnect: true })
let from: Socket
let to: Socket
beforeEach(async () => {
  if (!server.listening) await once(server.listen(path), 'listening')
  const accepted = once(server, 'connection')
  from = connect(path)
  ;[to] = await accepted
})
afterEach(() => {
  from.destroy()
  to.destroy()
})
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

function records(count: number, bytes = 20): Buffer {
  const writer = new RecordWriter()
  const gateway = new GatewayRecords({ writer, waiting: 0, wrote: () => {} })
  for (let n = 1; n <= count; n++) gateway.send(n, 'x'.repeat(bytes), false)
  return writer.take()
}

/** Reads what comes; `over` resolves with what was wrong, or undefined. */
function read(listener: Listener): Promise<string | undefined> {
  return new Promise((resolve) => {
    new StreamReader(to, readForGateway(listener), listener, (failure) => resolve(failure?.message))
    to.resume()
  })
}

const inOrder = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
const fds = (listener: Listener) => listener.said.all.map(({ fd }) => fd)

test('records arrive in order, however the stream is split', async () => {
  const split = fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(split, fc.integer({ min: 0, max: 300 }), async (sizes, bytes) => {
      const accepted = once(server, 'connection')
      from = connect(path)
      ;[to] = await accepted
      const listener = new Listener(7)
      const over = read(listener)
      const all = records(100, bytes)
      for (let at = 0, n = 0; at < all.length; n++) {
        const size = sizes[n % sizes.length] ?? 1
        from.write(all.subarray(at, at + size))
        at += size
        if (n % 3 === 0) await new Promise(setImmediate)
      }
      from.end()
      expect(await over).toBeUndefined()
      expect(fds(listener)).toEqual(inOrder(100))
    }),
    { numRuns: 40 },
  )
})

test('a turn ends when it is spent, also in the middle of a chunk, and others get theirs before the next', async () => {
  const listener = new Listener(10)
  let others = 0
  const tick = () => {
    others++
    if (listener.said.all.length < 1000) setImmediate(tick)
  }
  const over = read(listener)
  from.end(records(1000))
  await listener.said.next(({ fd }) => fd === 1)
  setImmediate(tick)
  await over
  expect(Math.max(...listener.turns)).toBe(10)
  expect(listener.turns.length).toBeGreaterThanOrEqual(100)
  expect(fds(listener)).toEqual(inOrder(1000))
  expect(others).toBeGreaterThan(90)
})

test('a reader that is slow makes the writer wait: what is in between stays bounded', async () => {
  const all = records(50_000, 1000)
  const listener = new Listener(1)
  const over = read(listener)
  const writer = new StreamWriter(from)
  writer.writer
    .begin(16, 1)
    .flag(false)
    .end(all.subarray(0, 8 * 1024 * 1024))
  for (let n = 0; n < 6; n++)
    writer.writer
      .begin(16, 2 + n)
      .flag(false)
      .end(all.subarray(0, 8 * 1024 * 1024))
  writer.flush()
  to.pause()
  expect(writer.waiting).toBeGreaterThan(40 * 1024 * 1024) // known to the one who writes, who may refuse more
  to.resume()
  await writer.end()
  expect(writer.waiting).toBe(0)
  expect(await over).toBeUndefined()
  expect(fds(listener)).toEqual(inOrder(7))
})

test('garbage ends the reading, after what came before it', async () => {
  const listener = new Listener()
  const over = read(listener)
  from.write(records(10))
  from.write(Buffer.alloc(64, 0xff))
  expect(await over).toMatch(/a record of \d+ bytes/)
  expect(fds(listener)).toEqual(inOrder(10))
})

test('a record whose handling fails does not hold up those behind it', async () => {
  const listener = new Listener()
  const failures: unknown[] = []
  const expected = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => failures.push(error))
  const { send } = listener
  listener.send = (fd, text, last) => {
    if (fd === 5) throw new Error('the fifth')
    send.call(listener, fd, text, last)
  }
  const over = read(listener)
  from.end(records(10))
  await over
  process.removeAllListeners('uncaughtException')
  for (const each of expected) process.on('uncaughtException', each)
  expect(failures).toHaveLength(1)
  expect(fds(listener)).toEqual(inOrder(10).filter((fd) => fd !== 5))
})

test('a link that closes has handed over all that it was given', async () => {
  const host = await Hosting.open(new Listener(1))
  const link = await joinGateway(host.path, { secret: SECRET, worker: 1 })
  for (let fd = 1; fd <= 40; fd++) link.toGateway.send(fd, 'x'.repeat(1024 * 1024), false)
  await link.close()
  expect(link.toGateway.waiting).toBe(0)
  expect(await host.next('lost')).toMatchObject({ id: 1, records: 40, reason: undefined })
  host.close()
})
