import { afterAll, beforeAll, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import type { Load } from '../../support/load'
import { HEARTBEAT_MS, Pulse } from '../../support/pulse'
import { Server } from '../../support/server'
import { count, expectNothingLost, loadBeside, measured } from './support'

let server: Server
let caller: Client
let load: Load
let pulse: Pulse
beforeAll(async () => {
  server = await Server.start({ fixture: 'faults', env: { APP_MODE: 'base', TEST_TIMEOUT: '1' } })
  caller = await Client.connect(server.url(), phone('caller'))
  pulse = await Pulse.start(server.url())
  load = await loadBeside(server)
})
afterAll(async () => {
  const account = await load.pause()
  measured('base mode', { ...account, worstHeartbeat: pulse.worst })
  await server.stop()
  expectNothingLost(account)
  expect(account.named).toBe(0)
  expect(pulse.worst).toBeLessThan(HEARTBEAT_MS)
})

test.each([
  ['a stack overflow', 'overflow', 500, 'controllerError', 'Maximum call stack'],
  ['a refusal that cannot be JSON', 'cyclic', 500, 'controllerError', 'circular structure'],
  ['the rejection of a promise that nobody looks at', 'rejection', 200, 'went on', 'nobody looks at this'],
  ['a throw in a timer', 'timer', 200, 'went on', 'thrown in a timer'],
])('in base mode %s harms nobody, and the log names the action', async (_, name, status, event, cause) => {
  const before = await count(caller)
  expect(await caller.call(`fault.crash.${name}`)).toMatchObject({ status, event })
  const line = await server.logged((line) => JSON.stringify(line).includes(cause))
  expect(JSON.stringify(line)).toContain(`Fault.Crash.${name}`)
  expect(await count(caller)).toEqual({ ...before, count: before.count + 1 })
})

test('in base mode a process.exit() costs the connections, is told in the log, and the server comes back by itself', async () => {
  const own = await Server.start({ fixture: 'faults', env: { APP_MODE: 'base' } })
  try {
    const client = await Client.connect(own.url())
    client.send({ method: 'fault.crash.exit', status: 1 })
    await client.closed
    const { actions } = await own.logged(({ msg }) => msg === 'user code ended the worker by process.exit(1)')
    expect(actions).toEqual(['Fault.Crash.exit'])
    await own.logged(({ msg }) => msg === 'started again')
    await count(await Client.connect(own.url()))
  } finally {
    await own.stop()
  }
})
