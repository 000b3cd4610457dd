import { createDecipheriv, createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { des, Encrypt, MAX_CIPHER, undes } from '../../../Library/Encrypt/Encrypt'

const KEY = 'marico-websocket'
const text = fc.string({ unit: 'binary', maxLength: 400 })

const Vectors = z.object({
  vectors: z
    .array(z.object({ name: z.string(), plaintext: z.string(), key: z.string(), cipher: z.string() }))
    .nonempty(),
})
const { vectors } = Vectors.parse(JSON.parse(readFileSync(resolve('test/data/des-vectors.json'), 'utf8')))

/** What OpenSSL's own strict unpadding makes of it: the oracle. */
function openssl(bytes: Buffer, key24: string): string | undefined {
  const decipher = createDecipheriv('des-ede3-ecb', Buffer.from(key24), null)
  try {
    const plain = Buffer.concat([decipher.update(bytes), decipher.final()])
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain)
  } catch {
    // Wrong padding or no UTF-8: the oracle says no by throwing.
    return undefined
  }
}

/** A cipher text of exactly these padded bytes, whatever their padding is worth. */
function cipherOf(padded: number[]): string {
  const blocks = padded.length / 8
  expect(Number.isInteger(blocks)).toBe(true)
  // des() of text T ends in a block of padding that we cut off, so T has to be ASCII.
  const whole = Buffer.from(standard(des(String.fromCharCode(...padded), KEY)), 'base64')
  return whole.subarray(0, padded.length).toString('base64')
}

function standard(cipher: string): string {
  return cipher.replaceAll('*', '+').replaceAll(':', '/').replaceAll('_', '=')
}

describe('des', () => {
  it.each(vectors)('is what PHP makes: $name', ({ plaintext, key, cipher }) => {
    expect(des(plaintext, key)).toBe(cipher)
    expect(undes(cipher, key)).toBe(plaintext)
  })

  it('is the vector of WIRE.md', () => {
    const plaintext = '{"id":"1","type":"wechatUser","code":"A","nickname":"n","ctime":1500000000}'
    const cipher =
      'SOjaKRG4Ihji4lKUzcgvPXlekItKAtO10O*k08dTzvAcNWVZgzaEAZvyVrVO7zuKsRRcWn8iap4J3Xj7Kcv9Q4lULDxIVTIhdPuSw0Fr*0o_'
    expect(Encrypt.des(plaintext, KEY)).toBe(cipher)
    expect(Encrypt.undes(cipher, KEY)).toBe(plaintext)
  })

  it('comes back, for every text and key', () => {
    fc.assert(
      fc.property(text, text, (plaintext, key) => {
        const cipher = des(plaintext, key)
        expect(cipher).toMatch(/^[A-Za-z0-9*:_]+$/)
        expect(undes(cipher, key)).toBe(plaintext)
        expect(undes(standard(cipher), key)).toBe(plaintext)
      }),
      { numRuns: 500 },
    )
  })

  it('keeps a byte order mark', () => {
    expect(undes(des('\uFEFFa', KEY), KEY)).toBe('\uFEFFa')
  })

  it('survives a query string, percent-encoded', () => {
    fc.assert(
      fc.property(text, (plaintext) => {
        const query = new URLSearchParams({ auth: des(plaintext, KEY) }).toString()
        expect(undes(new URLSearchParams(query).get('auth') ?? '', KEY)).toBe(plaintext)
        expect(undes(decodeURIComponent(encodeURIComponent(des(plaintext, KEY))), KEY)).toBe(plaintext)
      }),
    )
  })

  it('cuts a key to 24 bytes, not characters, and pads with "0"', () => {
    expect(des('x', '键'.repeat(9))).toBe(des('x', '键'.repeat(8)))
    expect(des('x', 'ab')).toBe(des('x', 'ab'.padEnd(24, '0')))
    // 锁 and 锯 differ in their third byte only, which is the 25th of the key.
    expect(des('x', 'a键键键键键键键锁')).toBe(des('x', 'a键键键键键键键锯'))
    expect(des('x', `${'a'.repeat(24)}b`)).toBe(des('x', 'a'.repeat(24)))
  })

  it('goes on being right when more keys are used than it remembers', () => {
    const first = des('x', 'key 0')
    for (let n = 1; n < 200; n++) des('x', `key ${n}`)
    expect(des('x', 'key 0')).toBe(first)
  })

  it('refuses to make what undes would refuse to read', () => {
    const longest = 'x'.repeat(3071)
    expect(des(longest, KEY)).toHaveLength(MAX_CIPHER)
    expect(undes(des(longest, KEY), KEY)).toBe(longest)
    expect(() => des(`${longest}x`, KEY)).toThrow(RangeError)
  })
})

describe('undes', () => {
  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 5000 }), text, (garbage, key) => {
        expect(undes(garbage, key) ?? '').toBeTypeOf('string')
      }),
    )
    fc.assert(
      fc.property(fc.base64String({ maxLength: 200 }), text, (garbage, key) => {
        expect(undes(garbage, key) ?? '').toBeTypeOf('string')
      }),
      { numRuns: 1000 },
    )
  })

  it('lets through of 10,000 random block strings exactly what a strict unpadding lets through', () => {
    // A random last block ends in valid padding with 1/256 + 1/256^2 + ... = 1/255, so about 39 of 10,000; MSwoole's unpadding, which
    // takes any count up to the length, would take many more. Of those 39 only what is UTF-8 by chance is left, which for
    // random bytes is next to nothing. The oracle is OpenSSL's unpadding and a fatal TextDecoder; the strings are the same in every run.
    const key24 = KEY.padEnd(24, '0')
    let padded = 0
    let taken = 0
    for (let n = 0; n < 10_000; n++) {
      const bytes = createHash('sha512')
        .update(`${n}`)
        .digest()
        .subarray(0, 8 * (1 + (n % 4)))
      const wanted = openssl(bytes, key24)
      const got = undes(bytes.toString('base64'), KEY)
      expect(got).toBe(wanted)
      const raw = createDecipheriv('des-ede3-ecb', key24, null).setAutoPadding(false)
      const last = Buffer.concat([raw.update(bytes), raw.final()]).at(-1) ?? 0
      if (last >= 1 && last <= 8) padded++
      if (got !== undefined) taken++
    }
    // The sample does hold what a lazy unpadding (one that looks at the last byte only) would have taken.
    expect(padded).toBeGreaterThan(200)
    expect(taken).toBeLessThan(10)
  })

  it.each([
    ['a pad byte of 0', [97, 97, 97, 97, 97, 97, 97, 0]],
    ['a pad byte of 9', [97, 97, 97, 97, 97, 97, 97, 9]],
    ['a pad byte of 16 over two blocks of it', Array.from({ length: 16 }, () => 16)],
    ['pad bytes that differ', [97, 97, 97, 97, 97, 2, 3, 3]],
    ['no padding', [97, 97, 97, 97, 97, 97, 97, 97]],
  ])('refuses %s', (_name, padded) => {
    expect(undes(cipherOf(padded), KEY)).toBeUndefined()
  })

  it('takes padding made by hand, so that the cases above can fail', () => {
    expect(undes(cipherOf([97, 97, 97, 97, 97, 3, 3, 3]), KEY)).toBe('aaaaa')
  })

  const good = des('{"id":"1"}', KEY)
  it.each([
    ['nothing', ''],
    ['no padding of base64', good.replaceAll('_', '')],
    ['too much padding', `${good}_`],
    ['padding in the middle', `${good}${good}`],
    ['a space in front', ` ${good}`],
    ['a newline behind', `${good}\n`],
    ['base64url for base64', des('>>>???~~~', 'k').replaceAll('*', '-')],
    ['a block cut short', good.slice(0, -4)],
    ['still percent-encoded', encodeURIComponent(good.replaceAll('_', '='))],
    ['another key', des('{"id":"1"}', 'another')],
    ['too long', des('x'.repeat(3071), KEY) + des('x', KEY)],
    ['a character beyond ASCII', `${good.slice(0, -1)}＿`],
  ])('refuses %s', (_name, cipher) => {
    expect(undes(good, KEY)).toBe('{"id":"1"}')
    expect(undes(cipher, KEY)).toBeUndefined()
  })

  it('refuses every other spelling of the same bytes', () => {
    // The last character before the padding carries bits that decode to nothing: all its siblings decode to the same bytes.
    const twins = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/']
      .map((last) => standard(good).replace(/.(=+)$/, `${last}$1`))
      .filter((twin) => Buffer.from(twin, 'base64').equals(Buffer.from(standard(good), 'base64')))
    expect(twins.length).toBeGreaterThan(1)
    expect(twins.filter((twin) => undes(twin, KEY) !== undefined)).toEqual([standard(good)])
  })
})
