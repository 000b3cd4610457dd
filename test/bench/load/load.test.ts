import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clientFrame, readFrames, serverFrame } from './frames'
import { Latency } from './latency'

test('frames of a server are read as they were written, wherever they are cut', () => {
  const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { maxLength: 5 })
  fc.assert(
    fc.property(texts, fc.nat(), (all, cut) => {
      const bytes = Buffer.concat(all.map(serverFrame))
      const at = bytes.length === 0 ? 0 : cut % bytes.length
      const first = readFrames(bytes.subarray(0, at))
      const second = readFrames(Buffer.concat([first.rest, bytes.subarray(at)]))
      expect([...first.texts, ...second.texts]).toEqual(all)
      expect(second.rest).toHaveLength(0)
    }),
  )
})

test('bytes go in a binary frame, and a client masks its own', () => {
  expect(serverFrame(Uint8Array.of(10, 200))).toEqual(Buffer.from([0x82, 2, 10, 200]))
  expect(clientFrame('ab', Buffer.from([1, 2, 3, 4]))).toEqual(Buffer.from([0x81, 0x82, 1, 2, 3, 4, 0x60, 0x60]))
  expect(() => serverFrame('x'.repeat(126))).toThrow(RangeError)
})

test('percentiles are right to about 2 percent, and the longest is exact', () => {
  const latency = new Latency()
  for (let microseconds = 1; microseconds <= 10_000; microseconds++) latency.add(microseconds)
  const { p50, p99, longest } = latency.read()
  expect(Math.abs(p50 / 5000 - 1)).toBeLessThan(0.025)
  expect(Math.abs(p99 / 9900 - 1)).toBeLessThan(0.025)
  expect(longest).toBe(10_000)
  latency.clear()
  expect(latency.read().p50).toBeNaN()
})
