import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BUS_VERSION, decodeEnvelope, type Envelope, encodeEnvelope } from '../../../Core/Gateway/Envelope'
import { BrokenRecord, LONGEST_RECORD } from '../../../Core/Link/Records'

const text = fc.string({ unit: 'binary', maxLength: 200 })
const number = fc.oneof(fc.maxSafeNat(), fc.double())
const numbers = fc.array(number, { maxLength: 20 })
const bytes = fc.oneof(
  text,
  fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
)
const operations = [
  'join',
  'leave',
  'addCloseKey',
  'removeCloseKey',
  'addController',
  'removeController',
  'kick',
  'count',
  'report',
  'isOpen',
  'kickThese',
  'reportThese',
] as const

const envelope: fc.Arbitrary<Envelope> = fc.oneof(
  fc.record({
    kind: fc.constant('broadcast' as const),
    audience: fc.constantFrom('group' as const, 'user' as const, 'port' as const, 'all' as const),
    name: text,
    except: numbers,
    text: bytes,
  }),
  fc.record({ kind: fc.constant('letter' as const), key: text, fds: numbers, text: bytes }),
  fc.record({
    kind: fc.constant('question' as const),
    id: number,
    asker: number,
    operation: fc.constantFrom(...operations),
    fd: number,
    text,
  }),
  fc.record({ kind: fc.constant('answer' as const), id: number, failure: text, value: text }),
)

/** The same, with the bytes of a text. */
function withBytes(envelope: Envelope): Envelope {
  if (envelope.kind !== 'broadcast' && envelope.kind !== 'letter') return envelope
  return { ...envelope, text: Buffer.from(envelope.text) }
}

/** Either a well-formed envelope, which can be written again, or `BrokenRecord`: anything else is thrown on. */
function readAny(bytes: Buffer): Envelope | undefined {
  try {
    const read = decodeEnvelope(bytes)
    encodeEnvelope(read)
    return read
  } catch (error) {
    if (error instanceof BrokenRecord) return undefined
    throw error
  }
}

test('what one gateway writes another one reads, whatever it is', () => {
  fc.assert(
    fc.property(envelope, (envelope) => {
      expect(decodeEnvelope(encodeEnvelope(envelope))).toEqual(withBytes(envelope))
    }),
    { numRuns: 1000 },
  )
})

test('an envelope keeps its bytes when the next one is written', () => {
  fc.assert(
    fc.property(envelope, envelope, (first, second) => {
      const written = encodeEnvelope(first)
      encodeEnvelope(second)
      expect(decodeEnvelope(written)).toEqual(withBytes(first))
    }),
  )
})

test('one that is cut short or has something added is broken', () => {
  fc.assert(
    fc.property(envelope, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 20 }), (envelope, at, more) => {
      const whole = encodeEnvelope(envelope)
      expect(readAny(whole.subarray(0, at % whole.length))).toBeUndefined()
      expect(readAny(Buffer.concat([whole, more]))).toBeUndefined()
    }),
    { numRuns: 1000 },
  )
})

test('bytes that were changed, or are none at all, are broken or a well-formed envelope, never anything else', () => {
  const change = fc.record({ at: fc.nat(), byte: fc.nat({ max: 255 }) })
  fc.assert(
    fc.property(envelope, fc.array(change, { minLength: 1, maxLength: 8 }), (envelope, changes) => {
      const bytes = encodeEnvelope(envelope)
      for (const { at, byte } of changes) bytes[at % bytes.length] = byte
      readAny(bytes)
    }),
    { numRuns: 3000 },
  )
  fc.assert(
    fc.property(fc.nat({ max: 6 }), fc.uint8Array({ maxLength: 100 }), (type, body) => {
      const head = Buffer.alloc(13)
      head.writeUInt32LE(9 + body.length, 0)
      head[4] = type
      head.writeDoubleLE(BUS_VERSION, 5)
      readAny(Buffer.concat([head, body]))
      readAny(Buffer.from(body))
    }),
    { numRuns: 3000 },
  )
})

test('another version is dropped', () => {
  const bytes = encodeEnvelope({ kind: 'answer', id: 1, failure: '', value: 'true' })
  bytes.writeDoubleLE(BUS_VERSION + 1, 5)
  expect(() => decodeEnvelope(bytes)).toThrow(BrokenRecord)
})

test.each([2 ** 53, Number.POSITIVE_INFINITY, 2 ** 32, Number.NaN, -1, 1.5])(
  'a count of %d fds costs no memory and no time, and is broken',
  (count) => {
    const bytes = encodeEnvelope({ kind: 'letter', key: 'k', fds: [1, 2], text: '' })
    bytes.writeDoubleLE(count, 13 + 4 + 1)
    const began = performance.now()
    expect(readAny(bytes)).toBeUndefined()
    expect(performance.now() - began).toBeLessThan(20_000) // what counts so far does not come back
  },
)

test('a text too long for a record is refused, and the next one is whole', () => {
  const long = Buffer.alloc(LONGEST_RECORD + 1)
  expect(() => encodeEnvelope({ kind: 'letter', key: '', fds: [], text: long })).toThrow(RangeError)
  const next: Envelope = { kind: 'answer', id: 7, failure: '', value: '1' }
  expect(decodeEnvelope(encodeEnvelope(next))).toEqual(next)
})
