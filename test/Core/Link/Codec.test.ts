import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { GatewayRecords, readForGateway, readForWorker, WorkerRecords } from '../../../Core/Link/Codec'
import { type Handle, RecordReader, RecordWriter } from '../../../Core/Link/Records'
import { cut } from './bytes'
import { gatewayThat, workerThat } from './ends'

const fd = fc.maxSafeNat()
const text = fc.string({ unit: 'binary', maxLength: 30 })
const name = fc.stringMatching(/^\w{1,10}$/)
const names = fc.array(name, { maxLength: 3 })
const code = fc.integer({ min: 1000, max: 4999 })
const sent = fc.constantFrom('send', 'done') // often, and often of one connection
const few = fc.integer({ min: 1, max: 3 })

const toWorker = fc.oneof(
  fc.tuple(fc.constant('attach'), fd, fc.record({ port: text, ip: text, auth: text, session: text })),
  fc.tuple(fc.constant('message'), fd, text),
  fc.tuple(fc.constant('close'), fd, code, names),
  fc.tuple(fc.constant('answer'), fd, text, text),
)
const toGateway = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(sent, few, text) },
  fc.tuple(fc.constant('publish'), fc.constantFrom('group', 'user', 'port', 'all'), text, fc.array(fd), fd, text),
  fc.tuple(fc.constant('end'), fd, code, text),
  fc.tuple(fc.constant('session'), fd, text, text),
  fc.tuple(fc.constant('told'), fd, name),
  fc.tuple(fc.constant('closed'), fd),
  fc.tuple(fc.constant('ask'), fd, fc.constantFrom('join', 'leave', 'addCloseKey', 'removeCloseKey'), fd, text),
  fc.tuple(fc.constant('ask'), fd, fc.constantFrom('addController', 'removeController', 'kick', 'count'), fd, text),
)
const lengths = fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 4 })

const channel = { writer: new RecordWriter(), waiting: 0, wrote: () => {} }
beforeEach(() => {
  channel.writer.take()
})

function readAll(handle: Handle, bytes: Buffer, pieces: readonly number[] = [bytes.length]): void {
  const reader = new RecordReader(handle)
  for (const piece of cut(bytes, pieces)) {
    reader.push(piece)
    reader.read(() => false)
  }
}

const heardByGateway = (bytes: Buffer) => {
  const heard: unknown[][] = []
  readAll(readForGateway(gatewayThat((...said) => heard.push(said))), bytes)
  return heard
}

describe('what a gateway tells a worker', () => {
  it('arrives as it was said, field by field and in order, however the bytes are split', () => {
    fc.assert(
      fc.property(fc.array(toWorker, { maxLength: 20 }), lengths, (calls, lengths) => {
        const records = new WorkerRecords(channel)
        for (const [name, ...said] of calls) Reflect.apply(Reflect.get(records, name), records, said)
        const heard: unknown[][] = []
        readAll(readForWorker(workerThat((...call) => heard.push(call))), channel.writer.take(), lengths)
        expect(heard).toEqual(calls)
      }),
    )
  })
})

/** What the gateway may hear instead: a `done` may ride on the `send` before it. */
function expected(calls: readonly (readonly [string, ...unknown[]])[]): unknown[][] {
  const heard: unknown[][] = []
  for (const [name, ...said] of calls) {
    const before = heard.at(-1)
    if (name === 'send') heard.push(['send', ...said, false])
    else if (name === 'done' && before?.[0] === 'send' && before[1] === said[0] && before[3] === false) before[3] = true
    else heard.push(name === 'done' ? ['done', said[0]] : [name, ...said])
  }
  return heard
}

describe('what a worker tells a gateway', () => {
  it('arrives as it was said, field by field and in order, and a done rides on the send before it', () => {
    fc.assert(
      fc.property(fc.array(toGateway, { maxLength: 30 }), lengths, (calls, lengths) => {
        const records = new GatewayRecords(channel)
        for (const [name, ...said] of calls) {
          Reflect.apply(Reflect.get(records, name), records, name === 'send' ? [...said, false] : said)
        }
        const heard: unknown[][] = []
        readAll(readForGateway(gatewayThat((...call) => heard.push(call))), channel.writer.take(), lengths)
        expect(heard).toEqual(expected(calls))
      }),
      { numRuns: 300 },
    )
  })

  it('may be told with bytes as well as with text', () => {
    const records = new GatewayRecords(channel)
    records.send(1, Buffer.from('一'), true)
    records.publish('group', '群', [], 4, Buffer.from('二'))
    expect(heardByGateway(channel.writer.take())).toEqual([
      ['send', 1, '一', true],
      ['publish', 'group', '群', [], 4, '二'],
    ])
  })
})

describe('a done', () => {
  it('is a record of its own once the send before it was taken, and the bytes that were taken do not change', () => {
    const records = new GatewayRecords(channel)
    records.send(1, 'first', false)
    const taken = channel.writer.take()
    records.taken()
    const copy = Buffer.from(taken)
    records.done(1)
    expect(taken.equals(copy)).toBe(true)
    expect(heardByGateway(taken)).toEqual([['send', 1, 'first', false]])
    expect(heardByGateway(channel.writer.take())).toEqual([['done', 1]])
  })

  it('does not touch the buffer that was taken and given back, nor what stands in it now', () => {
    const records = new GatewayRecords(channel)
    records.send(1, 'first', false)
    const first = channel.writer.take()
    records.taken()
    records.closed(9)
    channel.writer.take(Buffer.from(first.buffer))
    records.taken()
    records.end(2, 4403, '\0\0\0\0\0\0\0\0')
    records.done(1)
    expect(heardByGateway(channel.writer.take())).toEqual([
      ['end', 2, 4403, '\0\0\0\0\0\0\0\0'],
      ['done', 1],
    ])
  })

  it('of another connection, or of the turn after, does not ride', () => {
    const records = new GatewayRecords(channel)
    records.send(1, 'a', false)
    records.done(2)
    records.send(3, 'b', true)
    records.done(3)
    records.send(1, 'c', false)
    records.done(1)
    records.done(1)
    expect(heardByGateway(channel.writer.take())).toEqual([
      ['send', 1, 'a', false],
      ['done', 2],
      ['send', 3, 'b', true],
      ['done', 3],
      ['send', 1, 'c', true],
      ['done', 1],
    ])
  })

  it('rides on the last whole send when a later record failed', () => {
    const records = new GatewayRecords(channel)
    records.send(1, 'a', false)
    expect(() => Reflect.apply(records.ask, records, [1, 'join', 1, 7])).toThrow()
    records.done(1)
    expect(heardByGateway(channel.writer.take())).toEqual([['send', 1, 'a', true]])
  })
})

it('a publish that leaves out more connections than a record can name is refused, and leaves no trace', () => {
  const records = new GatewayRecords(channel)
  expect(() => records.publish('all', '', new Array(100_001).fill(1), 0, 'x')).toThrow(RangeError)
  records.done(1)
  expect(heardByGateway(channel.writer.take())).toEqual([['done', 1]])
})
