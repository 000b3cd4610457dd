import { createCipheriv, createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Encrypt, MAX_CIPHER, openV2, sealV2 } from '../../../Library/Encrypt/Encrypt'

const text = fc.string({ unit: 'binary', maxLength: 400 })
const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 })

describe('sealV2', () => {
  it('comes back, for every text and key, and only with that key', () => {
    fc.assert(
      fc.property(text, key, key, (plaintext, one, other) => {
        const token = sealV2(plaintext, one)
        expect(token).toMatch(/^v2\.[A-Za-z0-9_-]+$/)
        expect(openV2(token, one)).toBe(plaintext)
        if (other !== one) expect(openV2(token, other)).toBeUndefined()
      }),
      { numRuns: 300 },
    )
  })

  it('never makes the same token twice', () => {
    expect(new Set(Array.from({ length: 100 }, () => Encrypt.sealV2('same', 'key'))).size).toBe(100)
  })

  it('reads a token made by the description in WIRE.md', () => {
    const iv = Buffer.from('000102030405060708090a0b', 'hex')
    const cipher = createCipheriv('aes-256-gcm', createHash('sha256').update('auth key').digest(), iv)
    const body = Buffer.concat([iv, cipher.update('{"id":"1"}'), cipher.final(), cipher.getAuthTag()])
    expect(Encrypt.openV2(`v2.${body.toString('base64url')}`, 'auth key')).toBe('{"id":"1"}')
  })

  it('has no default key', () => {
    expect(() => sealV2('x', '')).toThrow(RangeError)
    expect(openV2(sealV2('x', 'key'), '')).toBeUndefined()
  })

  it('refuses to make what openV2 would refuse to read', () => {
    const longest = 'x'.repeat(3041)
    expect(openV2(sealV2(longest, 'key'), 'key')).toBe(longest)
    expect(sealV2(longest, 'key').length).toBeLessThanOrEqual(MAX_CIPHER)
    expect(() => sealV2(`${longest}x`, 'key')).toThrow(RangeError)
  })
})

describe('openV2', () => {
  it('notices a change of any single bit', () => {
    const token = sealV2('{"id":"1","type":"wall"}', 'key')
    const body = Buffer.from(token.slice(3), 'base64url')
    for (let bit = 0; bit < body.length * 8; bit++) {
      const changed = Buffer.from(body)
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      expect(openV2(`v2.${changed.toString('base64url')}`, 'key')).toBeUndefined()
    }
  })

  it('refuses a token that is cut or made longer, anywhere', () => {
    const token = sealV2('a text', 'key')
    for (let end = 0; end < token.length; end++) expect(openV2(token.slice(0, end), 'key')).toBeUndefined()
    for (const more of ['A', '=', '.', ' ', '\n', 'AAAA', token]) expect(openV2(token + more, 'key')).toBeUndefined()
  })

  it('refuses two tokens spliced, which is what DES allowed', () => {
    const one = Buffer.from(sealV2('{"id":"1","ctime":1}', 'key').slice(3), 'base64url')
    const two = Buffer.from(sealV2('{"id":"2","ctime":2}', 'key').slice(3), 'base64url')
    for (let at = 1; at < one.length; at++) {
      const spliced = Buffer.concat([one.subarray(0, at), two.subarray(at)])
      expect(openV2(`v2.${spliced.toString('base64url')}`, 'key')).toBeUndefined()
    }
  })

  it('takes one spelling of a token only', () => {
    // One byte of text makes 29 bytes, so the last character carries two loose bits.
    const token = sealV2('x', 'key')
    const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
    const taken = alphabet.map((last) => token.slice(0, -1) + last).filter((twin) => openV2(twin, 'key') === 'x')
    expect(taken).toEqual([token])
    expect(openV2(`${token}=`, 'key')).toBeUndefined()
    expect(openV2(token.replace('v2.', 'V2.'), 'key')).toBeUndefined()
    expect(openV2(token.slice(3), 'key')).toBeUndefined()
    const dashed = Array.from({ length: 200 }, () => sealV2('x', 'key')).find((one) => one.slice(3).includes('-')) ?? ''
    expect(openV2(dashed, 'key')).toBe('x')
    expect(openV2(`v2.${dashed.slice(3).replaceAll('-', '+')}`, 'key')).toBeUndefined()
  })

  it('refuses what is no UTF-8 though sealed with the right key', () => {
    const iv = Buffer.alloc(12)
    const cipher = createCipheriv('aes-256-gcm', createHash('sha256').update('key').digest(), iv)
    const body = Buffer.concat([iv, cipher.update(Buffer.from([0xff, 0xfe])), cipher.final(), cipher.getAuthTag()])
    expect(openV2(`v2.${body.toString('base64url')}`, 'key')).toBeUndefined()
  })

  it('never throws, whatever it is given', () => {
    const garbage = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 5000 }),
      fc.string({ unit: 'binary', maxLength: 200 }).map((tail) => `v2.${tail}`),
      fc.uint8Array({ maxLength: 100 }).map((bytes) => `v2.${Buffer.from(bytes).toString('base64url')}`),
    )
    fc.assert(
      fc.property(garbage, text, (token, any) => {
        expect(openV2(token, any)).toBeUndefined()
      }),
      { numRuns: 1000 },
    )
  })
})
