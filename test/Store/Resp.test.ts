import { array, assert, constantFrom, integer, oneof, property, string, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Answer,
  Answers,
  encode,
  NIL_ARRAY,
  OK,
  ProtocolError,
  RedisError,
  RequestParser,
} from '../../Core/Store/Resp'
import { request } from './wire'

const bytes = uint8Array({ maxLength: 40 }).map((all) => Buffer.from(all).toString('latin1'))
const commands = array(array(bytes, { minLength: 1, maxLength: 5 }), { maxLength: 8 })

/** All requests in a stream that comes in pieces, and the protocol error that ended it, if one did. */
function parse(pieces: readonly Buffer[]): { requests: string[][]; error: string | undefined } {
  const parser = new RequestParser()
  const requests: string[][] = []
  try {
    for (const piece of pieces) {
      parser.feed(piece)
      for (let next = parser.next(); next !== undefined; next = parser.next()) requests.push(next)
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return { requests, error: error.message }
  }
  return { requests, error: undefined }
}

/** Cuts a stream at places that repeat. */
function cut(stream: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    pieces.push(stream.subarray(at, at + size))
    at += size
  }
  return pieces
}

const text = (value: string) => [Buffer.from(value, 'latin1')]

describe('the request parser', () => {
  it('reads the same requests however the stream is cut', () => {
    assert(
      property(commands, array(integer({ min: 1, max: 30 }), { minLength: 1 }), (wanted, sizes) => {
        const stream = Buffer.from(wanted.map((words) => request(...words)).join(''), 'latin1')
        expect(parse(cut(stream, sizes))).toEqual({ requests: wanted, error: undefined })
      }),
    )
  })

  it('meets garbage with a protocol error at most, the same one however it is cut', () => {
    const token = oneof(
      constantFrom(
        '*',
        '$',
        '\r\n',
        '\n',
        '-1',
        '0',
        '1',
        '2',
        '3',
        ' ',
        '"',
        "'",
        '\\',
        '*1\r\n$4\r\nPING\r\n',
        '99999999999',
      ),
      string({ maxLength: 3 }),
      bytes,
    )
    assert(
      property(
        array(token, { maxLength: 30 }),
        array(integer({ min: 1, max: 9 }), { minLength: 1 }),
        (tokens, sizes) => {
          const stream = Buffer.from(tokens.join(''), 'latin1')
          expect(parse(cut(stream, sizes))).toEqual(parse([stream]))
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it.each([
    ['PING\r\n', [['PING']]],
    ['  SET\ta  "b c" \n', [['SET', 'a', 'b c']]],
    [`GET "\\x41\\n\\"\\q" 'it\\'s \\n'\r\n`, [['GET', 'A\n"q', "it's \\n"]]],
    ['\r\n\r\nPING\r\n', [['PING']]],
    ['ECHO "" \'\'\r\n', [['ECHO', '', '']]],
    ['GET \xe6\xa0\xa0\r\n', [['GET', '\xe6\xa0\xa0']]],
    ['*0\r\n*-1\r\n*1\r\n$0\r\n\r\n', [['']]],
  ])('reads %j', (stream, requests) => {
    expect(parse(text(stream))).toEqual({ requests, error: undefined })
  })

  it.each([
    ['*x\r\n', 'invalid multibulk length'],
    ['*1048577\r\n', 'invalid multibulk length'],
    ['*1\r\nPING\r\n', "expected '$', got 'P'"],
    ['*1\r\n$-1\r\n', 'invalid bulk length'],
    ['*1\r\n$67108865\r\n', 'invalid bulk length'],
    ['GET "a\r\n', 'unbalanced quotes in request'],
    ['GET "a"b\r\n', 'unbalanced quotes in request'],
    ['x'.repeat(70_000), 'too big inline request'],
    [`*${'1'.repeat(70_000)}`, 'too big mbulk count string'],
    [`*1\r\n$${'1'.repeat(70_000)}`, 'too big bulk count string'],
    [`*3\r\n${`$67108864\r\n${'x'.repeat(67_108_864)}\r\n`.repeat(2)}$1\r\n`, 'too big request'],
  ])('refuses %.20j', (stream, what) => {
    expect(parse(text(stream)).error).toBe(`ERR Protocol error: ${what}`)
  })

  it('bounds a request, not what a client sends in its life', () => {
    const one = Buffer.from(request('x'.repeat(8 * 1024 * 1024)))
    expect(parse(Array.from({ length: 20 }, () => one)).requests).toHaveLength(20)
  })

  it('reads a value of 64 MiB in small chunks in linear time', () => {
    const value = Buffer.alloc(64 * 1024 * 1024, 'x')
    const stream = Buffer.concat([Buffer.from(`*1\r\n$${value.length}\r\n`), value, Buffer.from('\r\n')])
    const start = performance.now()
    expect(parse(cut(stream, [16 * 1024])).requests[0]?.[0]?.length).toBe(value.length)
    expect(performance.now() - start).toBeLessThan(30_000)
  })
})

describe('answers', () => {
  it.each<[Answer, string]>([
    ['text', '$4\r\ntext\r\n'],
    ['', '$0\r\n\r\n'],
    [-3, ':-3\r\n'],
    [2n ** 62n, ':4611686018427387904\r\n'],
    [null, '$-1\r\n'],
    [NIL_ARRAY, '*-1\r\n'],
    [OK, '+OK\r\n'],
    [new RedisError('ERR two\r\nlines'), '-ERR two lines\r\n'],
    [['a', [1, null]], '*2\r\n$1\r\na\r\n*2\r\n:1\r\n$-1\r\n'],
    [new Answers([1, 'a']), ':1\r\n$1\r\na\r\n'],
  ])('are written as RESP2: %s', (answer, wire) => {
    expect(encode(answer)).toBe(wire)
  })

  it('over 256 MiB are an error', () => {
    const large = 'x'.repeat(64 * 1024 * 1024)
    expect(() => encode([large, large, large, large])).toThrow(RedisError)
  })
})
