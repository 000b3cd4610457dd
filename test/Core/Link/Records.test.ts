import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Fields, LONGEST_RECORD, RecordReader, RecordWriter } from '../../../Core/Link/Records'
import { cut } from './bytes'

type Field = { number: number } | { flag: boolean } | { text: string }
interface Written {
  readonly type: number
  readonly subject: number
  readonly fields: readonly Field[]
  readonly rest: string
}

const text = fc.string({ unit: 'binary', maxLength: 40 })
const record: fc.Arbitrary<Written> = fc.record({
  type: fc.integer({ min: 0, max: 255 }),
  subject: fc.double(),
  fields: fc.array(
    fc.oneof(fc.record({ number: fc.double() }), fc.record({ flag: fc.boolean() }), fc.record({ text })),
  ),
  rest: text,
})

function write(writer: RecordWriter, { type, subject, fields, rest }: Written): void {
  writer.begin(type, subject)
  for (const field of fields) {
    if ('number' in field) writer.number(field.number)
    else if ('flag' in field) writer.flag(field.flag)
    else writer.text(field.text)
  }
  writer.end(type % 2 ? rest : Buffer.from(rest))
}

/** Reads a record whose fields have the kinds of `like`. */
function read(type: number, subject: number, fields: Fields, like: Written): Written {
  const values = like.fields.map((field) => {
    if ('number' in field) return { number: fields.number() }
    return 'flag' in field ? { flag: fields.flag() } : { text: fields.text() }
  })
  return { type, subject, fields: values, rest: type % 2 ? fields.restText() : fields.rest().toString() }
}

function written(...records: Written[]): Buffer {
  const writer = new RecordWriter()
  for (const one of records) write(writer, one)
  return writer.take()
}

const small = (subject: number, rest = ''): Written => ({ type: 2, subject, fields: [], rest })

describe('records', () => {
  it('come back equal and in order, however the bytes are split and however few are read at a time', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 20 }),
        lengths,
        fc.integer({ min: 1, max: 5 }),
        (records, lengths, few) => {
          const got: Written[] = []
          let handled = 0
          const reader = new RecordReader((type, subject, fields) => {
            const like = records[got.length]
            if (like) got.push(read(type, subject, fields, like))
          })
          for (const piece of cut(written(...records), lengths)) {
            reader.push(piece)
            while (!reader.read(() => ++handled % few === 0));
          }
          expect(got).toEqual(records)
          expect(reader.empty).toBe(true)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('wait half read: one by one, with more bytes coming in between', () => {
    const got: number[] = []
    const reader = new RecordReader((_type, subject) => got.push(subject))
    reader.push(written(small(1), small(2)))
    expect(reader.read(() => true)).toBe(false)
    reader.push(written(small(3)))
    expect(reader.read(() => true)).toBe(false)
    expect(got).toEqual([1, 2])
    expect(reader.empty).toBe(false)
    expect(reader.read(() => true)).toBe(true)
    expect(got).toEqual([1, 2, 3])
    expect(reader.empty).toBe(true)
  })

  it('behind one whose handler throws are handled all the same', () => {
    const got: number[] = []
    const reader = new RecordReader((_type, subject) => {
      got.push(subject)
      if (subject === 1) throw new Error('fault of the handler')
    })
    reader.push(written(small(1), small(2)))
    expect(() => reader.read(() => false)).toThrow('fault of the handler')
    expect(reader.read(() => false)).toBe(true)
    expect(got).toEqual([1, 2])
  })

  it('may be as long as the link allows, and no longer', () => {
    const writer = new RecordWriter()
    write(writer, small(1))
    const before = writer.size
    expect(() => writer.begin(2, 2).end(Buffer.alloc(LONGEST_RECORD))).toThrow(RangeError)
    expect(writer.size).toBe(before)
    writer.begin(2, 3).end(Buffer.alloc(LONGEST_RECORD - 9))
    const got: number[] = []
    const reader = new RecordReader((_type, subject) => got.push(subject))
    reader.push(writer.take())
    expect(reader.read(() => false)).toBe(true)
    expect(got).toEqual([1, 3])
  })

  it('that were begun and not ended, because a field was none, leave no trace', () => {
    const writer = new RecordWriter()
    write(writer, small(1))
    const broken: unknown = JSON.parse('{"group":7}')
    expect(() => Reflect.apply(writer.begin(2, 2).text, writer, [Object(broken).group])).toThrow()
    expect(() => Reflect.apply(writer.begin(2, 2).end, writer, [Object(broken).group])).toThrow()
    write(writer, small(3))
    const got: number[] = []
    const reader = new RecordReader((_type, subject) => got.push(subject))
    reader.push(writer.take())
    expect(reader.read(() => false)).toBe(true)
    expect(got).toEqual([1, 3])
  })

  it('taken stay as they are while the writer goes on', () => {
    const writer = new RecordWriter()
    write(writer, small(1, 'first'))
    const taken = writer.take()
    const copy = Buffer.from(taken)
    for (let n = 0; n < 5000; n++) write(writer, small(n, 'x'.repeat(50)))
    expect(taken.equals(copy)).toBe(true)
    expect(writer.size).toBe(5000 * (4 + 9 + 50))
  })

  it('go into the buffer that is given back, if it is big enough', () => {
    const writer = new RecordWriter()
    write(writer, small(1))
    const first = writer.take()
    write(writer, small(2))
    writer.take(Buffer.from(first.buffer))
    write(writer, small(3, 'again'))
    const third = writer.take()
    expect(third.buffer).toBe(first.buffer)
    expect(third.equals(written(small(3, 'again')))).toBe(true)
  })
})
