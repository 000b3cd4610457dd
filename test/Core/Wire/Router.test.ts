import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { match } from '../../../Core/Wire/Router'

describe('match', () => {
  it.each([
    [undefined, 'index.index.index'],
    ['', 'index.index.index'],
    ['.', 'index.index.index'],
    ['....', 'index.index.index'],
    ['a', 'index.index.a'],
    ['a.b', 'index.a.b'],
    ['a.b.c', 'a.b.c'],
    ['.a.', 'index.index.a'],
    ['...a.b...', 'index.a.b'],
    ['..Live.USER.join.', 'live.user.join'],
    ['INDEX', 'index.index.index'],
  ])('takes %j for %j', (method, name) => {
    expect(match(method)).toBe(name)
  })

  it.each([
    ['a.b.c.d'],
    ['.a.b.c.d.'],
    ['a.b.c.d.e.f'],
    [null],
    [0],
    [1.5],
    [true],
    [{}],
    [['a.b.c']],
    [{ toString: () => 'a' }],
    ['x'.repeat(257)],
  ])('finds no name in %j', (method) => {
    expect(match(method)).toBeUndefined()
  })

  const segment = fc.stringMatching(/^[a-z_$][a-zA-Z0-9_$]{0,8}$/)
  const dots = fc.integer({ min: 0, max: 5 }).map((count) => '.'.repeat(count))

  it('fills up with index from the left, whatever the case and the dots around', () => {
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 3 }), dots, dots, (segments, before, after) => {
        const full = ['index', 'index', ...segments].slice(-3)
        const name = full.join('.').toLowerCase()
        expect(match(before + segments.join('.') + after)).toBe(name)
        expect(match(segments.join('.').toUpperCase())).toBe(name)
        expect(match(name)).toBe(name)
      }),
    )
  })

  it('never throws, and gives three segments or nothing', () => {
    const dotted = fc
      .array(fc.oneof(fc.constant('.'), fc.string({ unit: 'binary', maxLength: 3 })))
      .map((s) => s.join(''))
    fc.assert(
      fc.property(fc.oneof(fc.anything(), dotted), (method) => {
        const name = match(method)
        if (name !== undefined) expect(name.split('.')).toHaveLength(3)
        else if (typeof method === 'string') {
          expect(method.length > 256 || method.replace(/^\.+|\.+$/g, '').split('.').length > 3).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('is done at once with a frame full of dots', () => {
    const texts = ['.'.repeat(16_000), `a${'.'.repeat(16_000)}b`] // an expression that looks for the dots at the end takes minutes
    const started = performance.now()
    for (let n = 0; n < 1000; n++) for (const text of texts) match(text)
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})
