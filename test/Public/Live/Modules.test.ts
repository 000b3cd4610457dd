import fc from 'fast-check'
import { expect, test } from 'vitest'
import { escapeText } from '../../../Core/Wire/Filter'
import { cut, decode } from '../../../Public/static/live/shared/text.js'
import { broadcastOf, messagesOf, pageOf } from '../../../Public/static/live/shared/wire.js'
import { Lanes } from '../../../Public/static/live/wall/lanes.js'

test('decode takes back what the filter of the server did: once, and nothing else', () => {
  expect(decode('&lt;b&gt; &quot;a&quot; &#039;b&#039; &amp;lt; &nbsp; &#39; &copy;')).toBe(
    `<b> "a" 'b' &lt; &nbsp; &#39; &copy;`,
  )
  fc.assert(fc.property(fc.string(), (text) => decode(escapeText(text)) === text))
  expect([undefined, null, {}, []].map(decode)).toEqual(['', '', '', ''])
  expect(decode(7)).toBe('7')
})

test('cut keeps letters whole, and says that it cut', () => {
  expect(cut('short', 10)).toBe('short')
  expect(cut('two\n\nlines  here', 20)).toBe('two lines here')
  expect(cut('12345678901', 10)).toBe('123456789…')
  const family = '👨‍👩‍👧‍👦'
  expect(cut(family.repeat(4), 3)).toBe(`${family}${family}…`)
  expect(cut(`e${'\u0301'.repeat(5000)}`, 10).length).toBeLessThan(200)
})

test('what is not as it should be breaks no page', () => {
  expect(messagesOf(undefined)).toEqual([])
  expect(messagesOf({ a: null })).toEqual([{ id: '', nickname: '', say: '' }])
  expect(pageOf({ list: 'x', count: 'many' })).toEqual({ list: [], count: 0, code: '' })
  expect(broadcastOf({ id: 3, nickname: '&amp;', say: 'x', create_time: '17' })).toEqual({
    id: '3',
    nickname: '&',
    say: 'x',
    time: 17,
  })
})

test('two texts in one lane of the stage never touch, whatever their lengths and speeds', () => {
  const flight = fc.record({
    wait: fc.integer({ min: 0, max: 4000 }),
    length: fc.integer({ min: 10, max: 3000 }),
    duration: fc.integer({ min: 8000, max: 18_000 }),
  })
  const width = 1500
  fc.assert(
    fc.property(fc.array(flight, { maxLength: 40 }), (flights) => {
      const lanes = new Lanes()
      lanes.resize(3, width, 40)
      const flying: { lane: number; from: number; until: number; length: number }[] = []
      let now = 0
      for (const { wait, length, duration } of flights) {
        now += wait
        const lane = lanes.start(now, length, duration)
        if (lane !== undefined) flying.push({ lane, from: now, until: now + duration, length })
      }
      /** Where the head of one is at a moment. */
      const head = ({ from, until, length }: (typeof flying)[number], at: number) =>
        width - ((at - from) / (until - from)) * (width + length)
      for (const [index, first] of flying.entries()) {
        for (const second of flying.slice(index + 1).filter(({ lane }) => lane === first.lane)) {
          // Both fly evenly, so it is enough to look where both have begun, and where the first has left.
          for (const at of [second.from, first.until]) {
            if (at > first.until) continue
            expect(head(second, at) - (head(first, at) + first.length)).toBeGreaterThan(0)
          }
        }
      }
    }),
  )
})
