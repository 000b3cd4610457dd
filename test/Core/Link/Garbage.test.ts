import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayRecords, readForGateway, readForWorker, WorkerRecords } from '../../../Core/Link/Codec'
import { BrokenRecord, type Handle, LONGEST_RECORD, RecordReader, RecordWriter } from '../../../Core/Link/Records'
import { cut } from './bytes'
import { gatewayThat, workerThat } from './ends'

describe('bytes that are no records', () => {
  it('are a BrokenRecord or nothing, and never read past their end', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (bytes, n) => {
          let handled = 0
          const reader = new RecordReader((_type, _subject, fields) => {
            handled += 13 + fields.rest().length
          })
          try {
            for (const piece of cut(Buffer.from(bytes), n)) {
              reader.push(piece)
              reader.read(() => false)
            }
          } catch (error) {
            expect(error).toBeInstanceOf(BrokenRecord)
          }
          expect(handled).toBeLessThanOrEqual(bytes.length)
        },
      ),
      { numRuns: 1000 },
    )
  })

  it.each([0, 8, LONGEST_RECORD + 1, 0xffffffff])(
    'are refused by their length, %i, before anything is kept for it',
    (length) => {
      const reader = new RecordReader(() => {})
      const head = Buffer.alloc(4)
      head.writeUInt32LE(length)
      reader.push(head)
      expect(() => reader.read(() => false)).toThrow(BrokenRecord)
    },
  )

  it('are refused by a field that is longer than its record', () => {
    const short = new RecordWriter()
    short.begin(1, 1).end(Buffer.from([255, 255, 255, 255, 65]))
    const chunk = short.take()
    const neighbour = new RecordWriter()
    neighbour.begin(2, 2).end('is not to be read')
    const bytes = Buffer.concat([chunk, neighbour.take()])
    for (const take of ['text', 'number'] as const) {
      const reader = new RecordReader((_type, _subject, fields) => fields[take]())
      reader.push(bytes)
      expect(() => reader.read(() => false)).toThrow(BrokenRecord)
    }
  })
})

describe('records that are none of the link', () => {
  const heard: unknown[] = []
  const ends: readonly (readonly [string, Handle])[] = [
    ['to a worker', readForWorker(workerThat((...call) => heard.push(call)))],
    ['to a gateway', readForGateway(gatewayThat((...call) => heard.push(call)))],
  ]

  it.each(ends)('%s are a BrokenRecord, whatever their type and their body', (_name, handle) => {
    const body = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes))
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), fc.oneof(fc.nat(9), fc.double()), body, (type, subject, body) => {
        const writer = new RecordWriter()
        writer.begin(type, subject).end(body)
        const reader = new RecordReader(handle)
        reader.push(writer.take())
        try {
          reader.read(() => false)
        } catch (error) {
          expect(error).toBeInstanceOf(BrokenRecord)
        }
      }),
      { numRuns: 2000 },
    )
    expect(heard.length).toBeGreaterThan(0)
  })

  it.each(ends)('%s: a type that the link does not know is refused', (_name, handle) => {
    for (const type of [0, 15, 24, 63, 66, 255]) {
      const writer = new RecordWriter()
      writer.begin(type, 1).end('')
      const reader = new RecordReader(handle)
      reader.push(writer.take())
      expect(() => reader.read(() => false)).toThrow(/has the type/)
    }
  })

  it('do not pass from one direction to the other', () => {
    const channel = { writer: new RecordWriter(), waiting: 0, wrote: () => {} }
    new WorkerRecords(channel).message(1, 'to the worker')
    const wrong = new RecordReader(readForGateway(gatewayThat(() => {})))
    wrong.push(channel.writer.take())
    expect(() => wrong.read(() => false)).toThrow(BrokenRecord)
    new GatewayRecords(channel).done(1)
    const wrongToo = new RecordReader(readForWorker(workerThat(() => {})))
    wrongToo.push(channel.writer.take())
    expect(() => wrongToo.read(() => false)).toThrow(BrokenRecord)
  })
})
