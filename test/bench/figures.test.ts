import { expect, test } from 'vitest'
import { figure, percent, range, short, spread } from './figures'

test('a figure is the median of its rounds, and how far they went', () => {
  expect(figure([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 })
  expect(figure([10, 1, 2, 4])).toEqual({ median: 3, least: 1, most: 10 })
  expect(figure([-1, -5])).toEqual({ median: -3, least: -5, most: -1 })
  expect(figure([Number.NaN, 5, Infinity, 6, 7])).toEqual({ median: 6, least: 5, most: 7 })
  expect(figure([])).toEqual({ median: Number.NaN, least: Number.NaN, most: Number.NaN })
})

test('rounds that are apart are so by a share of their median', () => {
  expect(spread({ median: 10, least: 9, most: 11 })).toBeCloseTo(0.2)
  expect(spread(figure([7, 7, 7]))).toBe(0)
})

test('figures are written with as many digits as say something', () => {
  expect([0.931, 8.714, 24.34, 612.3, -9.944, Number.NaN].map(short)).toEqual([
    '0.93',
    '8.71',
    '24.3',
    '612',
    '-9.94',
    '-',
  ])
  expect(range({ median: 1.04, least: 0.98, most: 11.06 })).toBe('1.04 (0.98-11.1)')
  expect(percent(figure([0.955]))).toBe('96%')
})
