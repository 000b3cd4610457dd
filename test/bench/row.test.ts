import { expect, test } from 'vitest'
import { claim, judge, type Row, told } from './row'

const rounds = (least: number, median: number, most: number) => ({ least, median, most })
const quiet = rounds(9.9, 10, 10.1)
const noisy = rounds(8, 10, 12)

test('the median decides', () => {
  expect(judge(rounds(1, 1.02, 1.04), { most: 1.05 }, quiet)).toBe('met')
  expect(judge(rounds(1.02, 1.06, 1.1), { most: 1.05 }, quiet)).toBe('not met')
  expect(judge(rounds(0.91, 0.92, 0.93), { least: 0.9 }, quiet)).toBe('met')
  expect(judge(rounds(0.87, 0.89, 0.91), { least: 0.9 }, quiet)).toBe('not met')
})

test('what is as large as the target meets it', () => {
  expect(judge(rounds(0, 0, 0), { most: 0 }, quiet)).toBe('met')
  expect(judge(rounds(2, 2, 2), { least: 2 }, quiet)).toBe('met')
})

test('rounds on both sides of the target are not judged when they or the reference are far apart', () => {
  expect(judge(rounds(1, 1.04, 1.1), { most: 1.05 }, noisy)).toBe('too noisy to judge')
  expect(judge(rounds(0.8, 1.04, 1.3), { most: 1.05 }, quiet)).toBe('too noisy to judge')
  expect(judge(rounds(80, 100, 120), { most: 105 })).toBe('too noisy to judge')
})

test('rounds that are all on one side of the target are judged, however far apart', () => {
  expect(judge(rounds(0.2, 0.5, 0.9), { most: 1 }, noisy)).toBe('met')
  expect(judge(rounds(1.2, 1.5, 1.9), { most: 1 }, noisy)).toBe('not met')
})

test('what was not measured meets nothing', () => {
  const nothing = rounds(Number.NaN, Number.NaN, Number.NaN)
  expect(judge(nothing, { most: 1 }, quiet)).toBe('not met')
  expect(judge(nothing, { least: 1 }, quiet)).toBe('not met')
})

test('on a machine that others use nothing is judged, and it is said', () => {
  const row: Row = {
    name: 'call',
    title: 'Call',
    unit: 'us',
    columns: [],
    bars: [],
    claims: [claim('a', 'x', quiet, { most: 20 }), claim('b', 'x', quiet)],
    remarks: ['before'],
    rounds: {},
  }
  expect(told(row, 0.05)).toBe(row)
  const fair = told(row, 0.43)
  expect(fair.claims.map(({ verdict }) => verdict)).toEqual(['too noisy to judge', undefined])
  expect(fair.remarks).toEqual(['before', expect.stringContaining('43%')])
})
