import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Auth, authIn, type Refusal, type User } from '../../../Core/Gateway/Auth'
import { des, sealV2 } from '../../../Library/Encrypt/Encrypt'

const KEY = 'kfw001-websocket'
const OTHER = 'marico-websocket'
const NOW = 1_800_000_000
const TTL = 86_400

const auth = new Auth({ key: [KEY, OTHER], accept: ['des', 'v2'], ttl: TTL, multiLogin: {} })
const user = { id: '1', type: 'wechatUser', code: 'A', nickname: '小明' }
const seal = (fields: object, key = KEY) => des(JSON.stringify(fields), key)
const verify = (fields: object) => auth.verify(seal(fields), NOW)

const Vectors = z.object({ vectors: z.array(z.object({ plaintext: z.string(), key: z.string(), cipher: z.string() })) })
const { vectors } = Vectors.parse(JSON.parse(readFileSync(resolve('test/data/des-vectors.json'), 'utf8')))

const accepted = (verdict: User | Refusal): User => {
  if (typeof verdict === 'string') throw new Error(`refused: ${verdict}`)
  return verdict
}

describe('an auth string', () => {
  it('made by PHP is accepted exactly when it is an auth object', () => {
    const patient = new Auth({ key: [KEY, OTHER], accept: ['des'], ttl: NOW, multiLogin: {} })
    const good = vectors.filter(({ cipher }) => typeof patient.verify(cipher, NOW) !== 'string')
    expect(good.map(({ key }) => key)).toEqual([OTHER, KEY])
    for (const { plaintext, cipher } of good) {
      const { ctime: _, ...fields } = JSON.parse(plaintext)
      expect(JSON.parse(accepted(patient.verify(cipher, NOW)).json)).toEqual(fields)
    }
  })

  it('names the user by all of its fields but ctime', () => {
    const { id, type, json } = accepted(verify({ ...user, ctime: NOW, extra: [1] }))
    expect([id, type]).toEqual(['1', 'wechatUser'])
    expect(json).toBe(JSON.stringify({ ...user, extra: [1] }))
  })

  it('may be of any of the keys, and of no other', () => {
    for (const key of [KEY, OTHER]) accepted(auth.verify(seal({ ...user, ctime: NOW }, key), NOW))
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (key) => {
        fc.pre(key !== KEY && key !== OTHER)
        expect(auth.verify(seal({ ...user, ctime: NOW }, key), NOW)).toBe('undecodable')
        expect(auth.verify(sealV2(JSON.stringify({ ...user, ctime: NOW }), key), NOW)).toBe('undecodable')
      }),
    )
  })

  it('has a key that is cut to 24 bytes, not characters, or padded with 0', () => {
    const keyed = (key: string) => new Auth({ key: [key], accept: ['des'], ttl: TTL, multiLogin: {} })
    const fields = { ...user, ctime: NOW }
    accepted(keyed('123456789012345678901234ABC').verify(seal(fields, '123456789012345678901234'), NOW))
    accepted(keyed('短键').verify(seal(fields, '短键'.padEnd(20, '0')), NOW))
    accepted(keyed('a键键键键键键键锁').verify(seal(fields, 'a键键键键键键键锯'), NOW))
    expect(keyed('键键键键键键键锁').verify(seal(fields, '键键键键键键键锯'), NOW)).toBe('undecodable')
  })

  it('is valid from a minute before its ctime to its ttl after, both included', () => {
    const at = (ctime: unknown) => verify({ ...user, ctime })
    accepted(at(NOW - TTL))
    accepted(at(NOW + 60))
    accepted(at(String(NOW)))
    expect(at(NOW - TTL - 1)).toBe('expired')
    expect(at(NOW - TTL - 0.001)).toBe('expired')
    expect(at(NOW + 61)).toBe('from the future')
    expect(at(NOW + 60.001)).toBe('from the future')
    expect(at(0)).toBe('expired')
    expect(at(-1e300)).toBe('expired')
    expect(at(NOW * 1000)).toBe('from the future')
  })

  it.each([null, true, '', 'today', [], {}, [NOW], 'Infinity', 'NaN', undefined])(
    'is refused with the ctime %j',
    (ctime) => {
      expect(verify({ ...user, ctime })).toBe('not an auth object')
    },
  )

  it('takes a number as id, 0 too', () => {
    expect(accepted(verify({ ...user, id: 0, ctime: NOW })).id).toBe(0)
  })

  it.each([undefined, null, '', true, {}, ['1']])('is refused with the id %j', (id) => {
    expect(verify({ ...user, id, ctime: NOW })).toBe('not an auth object')
  })

  it.each([undefined, null, '', 1, true, {}, ['wall']])('is refused with the type %j', (type) => {
    expect(verify({ ...user, type, ctime: NOW })).toBe('not an auth object')
  })

  it.each(['1e999', '-1e999'])('is refused with a number that JSON cannot say again, %s', (number) => {
    const text = (id: string, ctime: string) => des(`{"id":${id},"type":"wall","ctime":${ctime}}`, KEY)
    expect(auth.verify(text(number, String(NOW)), NOW)).toBe('not an auth object')
    expect(auth.verify(text('1', number), NOW)).toBe('not an auth object')
  })

  it.each(['', '[]', '[{"id":"1","type":"wall"}]', '1', 'null', '"text"', 'id=1', '{"id":"1"', '\uFEFF{}'])(
    'is refused when its plaintext is %j',
    (plaintext) => {
      expect(auth.verify(des(plaintext, KEY), NOW)).toBe('undecodable')
      expect(auth.verify(sealV2(plaintext, KEY), NOW)).toBe('undecodable')
    },
  )

  it('is refused when it is missing or empty', () => {
    expect(auth.verify(null, NOW)).toBe('missing')
    expect(auth.verify('', NOW)).toBe('missing')
  })

  it.each([
    ['des', seal({ ...user, ctime: NOW })],
    ['v2', sealV2(JSON.stringify({ ...user, ctime: NOW }), KEY)],
  ])('is refused when any of it is cut off: %s', (_form, text) => {
    accepted(auth.verify(text, NOW))
    for (let end = 0; end < text.length; end++) expect(auth.verify(text.slice(0, end), NOW)).toBeTypeOf('string')
    for (let start = 1; start < text.length; start++) expect(auth.verify(text.slice(start), NOW)).toBeTypeOf('string')
  })

  it('is none of 10,000 of random blocks, nor of random text', () => {
    for (let n = 0; n < 10_000; n++) {
      const blocks = createHash('sha512')
        .update(`auth ${n}`)
        .digest()
        .subarray(0, 8 * (1 + (n % 8)))
      expect(auth.verify(blocks.toString('base64'), NOW)).toBe('undecodable')
    }
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 5000 }), (text) => {
        expect(auth.verify(text, NOW)).toBe('undecodable')
        expect(auth.verify(`v2.${text}`, NOW)).toBe('undecodable')
      }),
    )
  })
})

describe('the forms that are accepted', () => {
  const plaintext = JSON.stringify({ ...user, ctime: NOW })
  const verdict = (accept: readonly ('des' | 'v2')[], text: string) =>
    new Auth({ key: [KEY], accept, ttl: TTL, multiLogin: {} }).verify(text, NOW)

  it('are those of the configuration', () => {
    expect(accepted(verdict(['des', 'v2'], des(plaintext, KEY)))).toEqual(
      accepted(verdict(['v2'], sealV2(plaintext, KEY))),
    )
    expect(verdict(['des'], sealV2(plaintext, KEY))).toBe('undecodable')
    expect(verdict(['v2'], des(plaintext, KEY))).toBe('undecodable')
  })
})

describe('the auth string in a query', () => {
  it('is what URLSearchParams finds', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'auth=',
        'auth',
        '=',
        '&',
        '?',
        '+',
        '%',
        '%2B',
        '%3a',
        '%E5%B0',
        'a',
        '*',
        ':',
        '/',
        '.',
        '-',
        '_',
        '\ud800',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    )
    const query = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''))
    const behind = (start: string) => query.map((rest) => start + rest)
    fc.assert(
      fc.property(fc.oneof(query, behind('auth='), behind('auth=SOja*:_')), (text) => {
        expect(authIn(text)).toBe(new URLSearchParams(text).get('auth'))
      }),
      { numRuns: 5000 },
    )
  })
})
