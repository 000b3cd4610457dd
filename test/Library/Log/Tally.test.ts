import { expect, test, vi } from 'vitest'
import { flushTallies, Tally } from '../../../Library/Log/Tally'

test('the first one is said at once, the next ones once a second with their number', () => {
  vi.useFakeTimers()
  const said: [string, number][] = []
  const tally = new Tally<'refused' | 'lost'>((kind, count) => said.push([kind, count]))
  tally.add('refused')
  expect(said).toEqual([['refused', 1]])
  for (let i = 0; i < 1000; i++) tally.add('refused')
  tally.add('lost')
  expect(said).toHaveLength(1)
  vi.advanceTimersByTime(1000)
  expect(said.slice(1)).toEqual([
    ['refused', 1000],
    ['lost', 1],
  ])
  vi.advanceTimersByTime(5000)
  tally.add('lost')
  expect(said.at(-1)).toEqual(['lost', 1])
  expect(said).toHaveLength(4)
  vi.useRealTimers()
})

test('what was counted and not yet said is said before the process ends', () => {
  vi.useFakeTimers()
  const said: number[] = []
  const tally = new Tally<'lost'>((_kind, count) => said.push(count))
  tally.add('lost')
  tally.add('lost', 7)
  flushTallies()
  flushTallies()
  expect(said).toEqual([1, 7])
  vi.useRealTimers()
})
