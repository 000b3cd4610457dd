import { describe, expect, it } from 'vitest'
import { Encrypt, md5, md5Pwd, randomCode } from '../../../Library/Encrypt/Encrypt'

describe('md5', () => {
  it('is the hex digest of the UTF-8 text', () => {
    expect(md5('')).toBe('d41d8cd98f00b204e9800998ecf8427e')
    expect(Encrypt.md5('你好')).toBe('7eca689f0d3389d9dea66ae112e5cfd7')
  })
})

describe('md5Pwd', () => {
  it("is MSwoole's md5(sha1(password) + 'Marico_key')", () => {
    // By `printf %s "$(printf %s secret | sha1sum | cut -c-40)Marico_key" | md5sum`.
    expect(Encrypt.md5Pwd('secret')).toBe('140d7b975cbc09f71897ea93f81f95f8')
    expect(md5Pwd('secret', 'salt')).toBe('899aebf6927be1497b7570ae4583c972')
    expect(md5Pwd('secret', '')).not.toBe(md5Pwd('secret'))
  })
})

describe('randomCode', () => {
  it('has the length and the alphabet that were asked for', () => {
    expect(Encrypt.randomCode()).toMatch(/^[0-9A-Za-z]{6}$/)
    expect(randomCode(64, 'ab')).toMatch(/^[ab]{64}$/)
    expect([...randomCode(20, '张三😀')]).toHaveLength(20)
  })

  it('favours no character', () => {
    // 62 does not divide 256: a remainder of a random byte would give the first eight characters a quarter more than the others.
    const seen = new Map<string, number>()
    for (let n = 0; n < 200; n++) for (const one of randomCode(1024)) seen.set(one, (seen.get(one) ?? 0) + 1)
    const expected = (200 * 1024) / 62
    expect(seen.size).toBe(62)
    // Six standard deviations: by chance once in ten million runs.
    for (const count of seen.values()) expect(Math.abs(count - expected)).toBeLessThan(6 * Math.sqrt(expected))
  })

  it.each([
    [0, undefined],
    [-1, undefined],
    [1.5, undefined],
    [Number.NaN, undefined],
    [1025, undefined],
    [6, ''],
    [6, 'a'],
    [6, 'aab'],
  ])('refuses length %s, alphabet %s', (length, alphabet) => {
    expect(() => randomCode(length, alphabet)).toThrow(RangeError)
  })
})
