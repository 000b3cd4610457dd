import { expect, test } from 'vitest'
import type { Assigned } from '../../../Core/Supervisor/Gate'
import { switchAll } from '../../../Core/Supervisor/Switch'

const BEFORE: Assigned = { workers: [1, 2] }
const NEXT: Assigned = { workers: [3, 4] }

/** A gateway that misses these workers when it is asked, and these when it is to let them serve. */
function gate({ asked = [], told = [] }: { asked?: number[]; told?: number[] } = {}) {
  const serves = { now: BEFORE, before: [BEFORE] }
  const serve = (assigned: Assigned) => {
    serves.now = assigned
    serves.before.push(assigned)
  }
  return {
    serves,
    muster: async () => asked,
    assign: async (assigned: Assigned) => {
      if (told.length === 0) serve(assigned)
      return told
    },
    give: async (assigned: Assigned) => serve(assigned),
  }
}

test('all gateways switch', async () => {
  const gates = [gate(), gate()]
  await switchAll(gates, NEXT, BEFORE)
  expect(gates.map(({ serves }) => serves.now)).toEqual([NEXT, NEXT])
})

test('none switches when one of them misses a worker', async () => {
  const gates = [gate(), gate({ asked: [4] })]
  await expect(switchAll(gates, NEXT, BEFORE)).rejects.toThrow(
    'worker 4 died before it could serve; nothing has changed',
  )
  for (const { serves } of gates) expect(serves.before).toEqual([BEFORE])
})

test('those that have switched get back what served, when a worker dies in the middle of it', async () => {
  const gates = [gate(), gate({ told: [3] }), gate()]
  await expect(switchAll(gates, NEXT, BEFORE)).rejects.toThrow(
    'worker 3 died before it could serve; nothing has changed',
  )
  expect(gates.map(({ serves }) => serves.now)).toEqual([BEFORE, BEFORE, BEFORE])
  expect(gates[0]?.serves.before).toEqual([BEFORE, NEXT, BEFORE])
})
