import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clean, cleaner, DEEPEST, escapeText, TooDeep } from '../../../Core/Wire/Filter'

const html = cleaner('html')
const none = cleaner('none')

/** What JSON can say, with enough of the special characters in its texts. */
const { fields } = fc.letrec((tie) => ({
  text: fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom('&', '<', '>', '"', "'", 'a', '&amp;')).map((s) => s.join('')),
  ),
  value: fc.oneof(
    { maxDepth: 5 },
    tie('text'),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    tie('list'),
    tie('fields'),
  ),
  list: fc.array(tie('value'), { maxLength: 4 }),
  fields: fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), tie('value'), {
    maxKeys: 4,
    noNullPrototype: true,
  }),
}))
const object = fields.filter((value): value is Record<string, unknown> => typeof value === 'object' && value !== null)

/** The oracle: what JSON.parse makes of the same text with every string value replaced, and no __proto__. */
const reference = (value: unknown) =>
  JSON.parse(JSON.stringify(value), function (this: unknown, key, item) {
    if (key === '__proto__' && !Array.isArray(this)) return undefined
    if (typeof item !== 'string') return item
    return item
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#039;')
  })

function nested(levels: number): Record<string, unknown> {
  let value: Record<string, unknown> = { text: '<' }
  for (let level = 1; level < levels; level++) value = level % 2 ? { list: [value] } : { value }
  return value
}

/** Levels of objects, without arrays between them. */
function objects(levels: number): Record<string, unknown> {
  let value: Record<string, unknown> = { text: '<' }
  for (let level = 1; level < levels; level++) value = { value }
  return value
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  Object.freeze(value)
  for (const item of Object.values(value)) freeze(item)
}

describe('escapeText', () => {
  it('turns & < > " \' into entities, and nothing else', () => {
    expect(escapeText(`&<>"'`)).toBe('&amp;&lt;&gt;&quot;&#039;')
    expect(escapeText('中文 `/=\u2028 ok')).toBe('中文 `/=\u2028 ok')
    expect(escapeText('&amp;')).toBe('&amp;amp;')
  })
})

describe('the html filter', () => {
  it('escapes every string value at any depth, no key, and drops __proto__', () => {
    fc.assert(
      fc.property(object, (value) => {
        expect(JSON.stringify(html(value))).toBe(JSON.stringify(reference(value)))
      }),
      { numRuns: 500 },
    )
  })

  it('never changes what it is given, so frozen data is as good', () => {
    fc.assert(
      fc.property(object, (value) => {
        const before = JSON.stringify(value)
        freeze(value)
        expect(JSON.stringify(html(value))).toBe(JSON.stringify(reference(value)))
        expect(JSON.stringify(value)).toBe(before)
      }),
    )
  })

  it('hands back what needs no change as it is', () => {
    const value = { a: [1, { b: 'plain' }], c: null }
    expect(html(value)).toBe(value)
    const changed = html({ same: value, other: '<' })
    expect(changed.same).toBe(value)
    expect(changed.other).toBe('&lt;')
  })

  it('looks into Map and Set, keys of a Map too', () => {
    const map = new Map<unknown, unknown>([['<', { a: '>' }]])
    const set = new Set<unknown>(['"', ["'"]])
    expect(html({ map, set })).toEqual({
      map: new Map([['&lt;', { a: '&gt;' }]]),
      set: new Set(['&quot;', ['&#039;']]),
    })
    expect(map.get('<')).toEqual({ a: '>' })
    expect([...set]).toEqual(['"', ["'"]])
  })

  it('leaves alone what a schema made of the data and is no plain object', () => {
    const date = new Date(0)
    const url = new URL('http://a/?<')
    expect(html({ date, url }).date).toBe(date)
    expect(html({ date, url }).url).toBe(url)
  })

  it('takes objects without a prototype', () => {
    const value: Record<string, unknown> = Object.create(null)
    value.a = '<'
    expect(html({ value })).toEqual({ value: { a: '&lt;' } })
  })
})

describe('the filter none', () => {
  it('changes no text, and drops __proto__ all the same', () => {
    expect(none({ a: '<b>', c: [`"'&`] })).toEqual({ a: '<b>', c: [`"'&`] })
    const value = none(JSON.parse('{"__proto__":{"x":1},"a":[{"__proto__":{"x":1},"b":"<"}]}'))
    expect(JSON.stringify(value)).toBe('{"a":[{"b":"<"}]}')
  })
})

describe('depth', () => {
  it(`is taken up to ${DEEPEST} levels, and refused beyond`, () => {
    expect(JSON.stringify(html(objects(DEEPEST)))).toContain('&lt;')
    expect(() => html(objects(DEEPEST + 1))).toThrow(TooDeep)
    expect(() => none(objects(DEEPEST + 1))).toThrow(TooDeep)
    expect(() => html(nested(DEEPEST))).toThrow(TooDeep)
  })

  it('of 10,000 levels, of arrays, maps or a cycle, is refused, and no stack overflows', () => {
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    let maps: unknown = 'a'
    for (let level = 0; level < 1000; level++) maps = new Map([[1, new Set([maps])]])
    expect(() => html(objects(10_000))).toThrow(TooDeep)
    expect(() => html({ list: JSON.parse('['.repeat(10_000) + ']'.repeat(10_000)) })).toThrow(TooDeep)
    expect(() => html({ maps })).toThrow(TooDeep)
    expect(() => html(cycle)).toThrow(TooDeep)
    expect(() => clean(cycle, escapeText)).toThrow(TooDeep)
  })
})
