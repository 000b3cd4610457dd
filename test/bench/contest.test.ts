import { expect, test } from 'vitest'
import { bars, compete, competeByTurns, cpuEach, over, ratio, saturation } from './contest'
import type { Window } from './load/meter'

const window = (more: Partial<Window>): Window => ({
  count: 1000,
  seconds: 1,
  server: 10_000,
  parts: [],
  store: 0,
  load: 0,
  others: 0,
  p50: 1,
  p99: 2,
  longest: 3,
  waits: [],
  ...more,
})

test('everybody takes part in every round, and every other round goes backwards', async () => {
  const order: string[] = []
  const contestant = (name: string) => ({
    name,
    round: async () => {
      order.push(name)
      return order.length
    },
  })
  const rounds = await compete(3, [contestant('a'), contestant('b'), contestant('c')])
  expect(order.join('')).toBe('abccbaabc')
  expect(rounds).toEqual({ a: [1, 6, 7], b: [2, 5, 8], c: [3, 4, 9] })
})

test('the short windows of a round count as one', async () => {
  const order: string[] = []
  const contestant = (name: string) => ({
    name,
    round: async () => {
      order.push(name)
      return window({
        count: 10 * order.length,
        parts: [1, 2],
        p50: 0,
        longest: order.length,
        waits: order.length < 4 ? [[64, 3]] : [[96, 1]],
      })
    },
  })
  const { a = [], b = [] } = await competeByTurns(2, 2, [contestant('a'), contestant('b')])
  expect(order.join('')).toBe('abbaabba')
  expect(a.map(({ count }) => count)).toEqual([10 + 40, 50 + 80])
  expect(b.map(({ seconds, server, parts }) => ({ seconds, server, parts }))).toEqual([
    { seconds: 2, server: 20_000, parts: [2, 4] },
    { seconds: 2, server: 20_000, parts: [2, 4] },
  ])
  expect(a[0]).toMatchObject({
    p50: 4,
    p99: 8,
    longest: 4,
    waits: [
      [64, 3],
      [96, 1],
    ],
  })
  expect(a[0]).not.toHaveProperty('together')
})

test('a ratio is of windows of the same round', () => {
  const rounds = { floor: [10, 20, 40], base: [11, 21, 44] }
  const same = (value: number) => value
  expect(ratio(rounds, 'base', 'floor', same)).toEqual({ median: 1.1, least: 1.05, most: 1.1 })
  expect(ratio(rounds, 'base', 'floor', same, () => 1).most).toBe(44)
  expect(over(rounds, 'nobody', same).median).toBeNaN()
})

test('CPU microseconds each are seconds a million', () => {
  expect(cpuEach(window({ count: 2000, server: 17_000 }))).toBe(8.5)
})

test('it is said whose fault it is that a server was not full', () => {
  expect(saturation({ floor: [window({ server: 970_000 })] })).toEqual([])
  expect(saturation({ floor: [window({ server: 600_000, others: 380_000 })] })).toEqual([])
  const [bottleneck, idle] = saturation({
    floor: [window({ server: 800_000, load: 970_000 })],
    base: [window({ server: 500_000, load: 500_000 })],
  })
  expect(bottleneck).toMatch(/bottleneck with floor: 97% .* 80%/)
  expect(idle).toMatch(/did not fill base/)
})

test('every bar has a cell for each column', () => {
  const { columns, bars: drawn } = bars({ floor: [window({})], base: [window({ load: 250_000 })] })
  expect(drawn.map(({ name }) => name)).toEqual(['floor', 'base'])
  for (const { cells } of drawn) expect(cells).toHaveLength(columns.length)
  expect(drawn[1]?.cells.at(-1)).toBe('25%')
})
