import { expect, test, vi } from 'vitest'
import { Tally } from '../../../Library/Log/Tally'

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
