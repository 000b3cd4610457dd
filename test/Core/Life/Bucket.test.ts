import { expect, test } from 'vitest'
import { Bucket } from '../../../Core/Gateway/Limits'

const RATE = 10
const BURST = 20

/** What becomes of so many messages, one every `every` milliseconds from `start` on: how many of each verdict. */
function send(bucket: Bucket, count: number, start: number, every = 0): Record<string, number> {
  const verdicts: Record<string, number> = {}
  for (let n = 0; n < count; n++) {
    const verdict = bucket.take(start + n * every, RATE, BURST)
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
  }
  return verdicts
}

test('a burst passes at once, and the rate for ever', () => {
  const bucket = new Bucket(BURST)
  expect(send(bucket, BURST, 5000)).toEqual({ pass: BURST })
  expect(send(bucket, 10_000, 5100, 1000 / RATE)).toEqual({ pass: 10_000 })
})

test('what comes above is refused, ten bursts long, then the connection is closed', () => {
  const bucket = new Bucket(BURST)
  send(bucket, BURST, 5000)
  expect(send(bucket, 10 * BURST, 5000)).toEqual({ refuse: 10 * BURST })
  expect(send(bucket, 1, 5000)).toEqual({ close: 1 })
})

test('a slight flood is closed after ten seconds', () => {
  const bucket = new Bucket(BURST)
  send(bucket, BURST, 5000)
  const every = 1000 / (RATE + 2) // two a second too many
  const { close = 0, refuse = 0, pass = 0 } = send(bucket, 9.9 * (RATE + 2), 5000, every)
  expect([close, refuse > 10, pass > 90]).toEqual([0, true, true])
  expect(send(bucket, RATE, 15_001, every).close).toBeGreaterThan(0)
})

test('who was quiet for the time of a burst begins anew', () => {
  const bucket = new Bucket(BURST)
  for (let round = 0; round < 50; round++) {
    const start = 5000 + round * 4000
    expect(send(bucket, 5 * BURST, start)).toEqual({ pass: BURST, refuse: 4 * BURST })
  }
})

test('a rate of 0 is no limit', () => {
  const bucket = new Bucket(BURST)
  for (let n = 0; n < 1000; n++) expect(bucket.take(0, 0, BURST)).toBe('pass')
})
