import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { deadline } from '../../Library/Deadline'

const MS = 400

/** This process does nothing until then. */
function standStillUntil(then: number): void {
  while (performance.now() < then);
}

/** Timers may be early by the part of a millisecond that they do not count. */
const EARLY_MS = 8

it('calls back when its time is over, once', async () => {
  const began = performance.now()
  let calls = 0
  await new Promise<void>((resolve) => {
    deadline(MS, () => {
      calls++
      resolve()
    })
  })
  expect(performance.now() - began).toBeGreaterThan(MS - EARLY_MS)
  await pause(MS)
  expect(calls).toBe(1)
})

it.each([0, MS / 2, (MS * 7) / 8])('a pause that begins after %i ms costs a quarter of it at most', async (after) => {
  const began = performance.now()
  const missed = new Promise<number>((resolve) => deadline(MS, () => resolve(performance.now())))
  await pause(after)
  const still = performance.now()
  standStillUntil(still + 3 * MS)
  const end = performance.now()
  const ran = still - began + ((await missed) - end)
  expect(ran).toBeGreaterThan((MS * 3) / 4 - EARLY_MS)
})

it('what lies there when its last wait is over is read first, and may end it', async () => {
  const echo = spawn('sh', ['-c', 'read line; sleep 0.2; echo $line'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const began = performance.now()
  let missed = false
  const end = deadline(MS, () => {
    missed = true
  })
  const heard = once(echo.stdout, 'data').then(end)
  await pause((MS * 7) / 8)
  echo.stdin.write('here\n')
  await turn() // timers are next, and the answer comes while we stand still
  standStillUntil(began + 3 * MS)
  await heard
  await pause(MS)
  expect(missed).toBe(false)
})

it('is no more when it was ended', async () => {
  let missed = false
  const end = deadline(MS, () => {
    missed = true
  })
  await pause(MS / 2)
  end()
  await pause(2 * MS)
  expect(missed).toBe(false)
})
