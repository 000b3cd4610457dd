import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '../../support/client'
import { Pulse } from '../../support/pulse'
import { Server } from '../../support/server'
import { count, ended, gatewayOf, measured, onePerWorker } from './support'

/** Well beyond what a machine stands still that runs other things too, in seconds. */
const STALL_S = 4
const IN_FLIGHT = 4

let server: Server
let caller: Client
let neighbour: Client
beforeAll(async () => {
  const env = { APP_MODE: 'process', TEST_STALL: `${STALL_S}`, TEST_IN_FLIGHT: `${IN_FLIGHT}` }
  server = await Server.start({ fixture: 'faults', env })
  ;[caller, neighbour] = await onePerWorker(server)
})
afterAll(() => server.stop())

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('a worker that stands still: 429 names what it cannot take, 503 what was inside, the log the action and for how long', async () => {
  const { count: frames, pid } = await count(caller)
  const pulse = await Pulse.start(server.url())
  const gateway = gatewayOf(server)
  process.kill(gateway, 'SIGSTOP') // it reads all of them at once
  const began = performance.now()
  caller.send({ method: 'fault.crash.loop' })
  for (let frame = 0; frame < IN_FLIGHT + 2; frame++) caller.send({ method: 'fault.work.count' })
  process.kill(gateway, 'SIGCONT')
  expect((await caller.next('tooManyRequests')).param).toEqual({ from: frames + 1 + IN_FLIGHT, count: 3 })
  const beats = pulse.beats
  expect((await caller.next('serviceUnavailable')).param).toEqual({ from: frames + 1, count: IN_FLIGHT })
  expect(pulse.beats).toBeGreaterThan(beats + 10) // they do not wait for the worker
  const replacedAfter = performance.now() - began
  const { msg, action } = await server.logged(({ msg }) => msg.startsWith('the worker stands still for'))
  expect(msg).toBe(`the worker stands still for ${STALL_S} s in Fault.Crash.loop`)
  expect(action).toBe('Fault.Crash.loop')
  expect(replacedAfter).toBeGreaterThan(STALL_S * 1000)
  const after = await count(caller)
  expect(after).toMatchObject({ count: frames + 1 })
  expect(after.pid).not.toBe(pid)
  measured('a looping worker', { replacedAfterMs: Math.round(replacedAfter), worstHeartbeat: pulse.worst })
  await pulse.stop()
})

test('a worker that is stopped for longer than stall_limit is replaced, and its calls get 503', async () => {
  const { pid } = await count(caller)
  process.kill(pid, 'SIGSTOP')
  caller.send({ method: 'fault.work.count' })
  expect((await caller.next('serviceUnavailable')).param).toMatchObject({ count: 1 })
  await server.logged(({ msg, pid: who }) => msg.startsWith('a worker gives no sign of life') && who === pid)
  await ended([pid])
  expect((await count(caller)).pid).not.toBe(pid)
  expect((await count(neighbour)).pid).not.toBe(pid)
})

test('a worker that is stopped for less goes on where it was', async () => {
  const { pid, count: before } = await count(caller)
  process.kill(pid, 'SIGSTOP')
  const call = count(caller)
  await pause(1000)
  process.kill(pid, 'SIGCONT')
  expect(await call).toMatchObject({ pid, count: before + 1 })
})
