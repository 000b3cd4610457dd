import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client, Frame } from '../../support/client'
import { type Load, runOf } from '../../support/load'
import { HEARTBEAT_MS, Pulse } from '../../support/pulse'
import { type LogLine, Server } from '../../support/server'
import { count, expectNothingLost, loadBeside, measured, onePerWorker } from './support'

/** Where the log names the fds that had calls inside. */
const LOST = 'calls were lost with their worker'

let server: Server
let caller: Client
let neighbour: Client
let pulse: Pulse
let load: Load
beforeAll(async () => {
  const env = { APP_MODE: 'process', TEST_STALL: '2', NODE_OPTIONS: '--max-old-space-size=64' }
  server = await Server.start({ fixture: 'faults', env })
  ;[caller, neighbour] = await onePerWorker(server)
  pulse = await Pulse.start(server.url())
  load = await loadBeside(server)
})
afterAll(async () => {
  const account = await load.pause()
  measured('faults of user code', { ...account, worstHeartbeat: pulse.worst })
  await server.stop()
  expectNothingLost(account)
  expect(pulse.worst).toBeLessThan(HEARTBEAT_MS)
})

/** The reply to a call: its own, or the gateway's word that it is lost. */
function reply(client: Client, method: string, data = {}): Promise<Frame> {
  const isReply = ({ event, callId }: Frame) => event !== 'receiveMessage' && (callId === 'x' || callId === undefined)
  client.send({ ...data, method, callId: 'x' })
  return client.next(isReply)
}

/** What the log says of the cause: it names the action, or the stack does. */
const naming = (text: string) => (line: LogLine) =>
  (line.level === 'error' || line.level === 'fatal') && JSON.stringify(line).includes(text)

/** Both connections go on, and nobody else has noticed more than a pause. */
async function expectService(): Promise<void> {
  const [mine, others] = await Promise.all([count(caller), count(neighbour)])
  expect(mine.pid).not.toBe(others.pid)
  expect(load.account().fallen).toBe(0)
}

test.each([
  ['an endless loop', 'loop', {}, /^the worker stands still for \d+ s in Fault\.Crash\.loop$/],
  ['process.exit()', 'exit', { status: 0 }, /^user code ended the worker by process\.exit\(0\)$/],
  ['process.exit(1)', 'exit', { status: 1 }, /^user code ended the worker by process\.exit\(1\)$/],
])('%s costs no connection, its caller gets 503, the log names the action', async (_, name, data, said) => {
  const before = await count(caller)
  const { status, event, param } = await reply(caller, `fault.crash.${name}`, data)
  expect({ status, event }).toEqual({ status: 503, event: 'serviceUnavailable' })
  expect(runOf({ status, event, info: '', param })?.count).toBe(1)
  const line = await server.logged((line) => said.test(line.msg))
  expect(JSON.stringify(line)).toContain(`Fault.Crash.${name}`)
  await expectService()
  expect((await count(caller)).pid).not.toBe(before.pid)
})

test.each([
  ['process.abort()', 'abort'],
  ['running out of memory', 'memory'],
])(
  '%s costs no connection, its caller gets 503, the log names the connections that had calls inside',
  async (_, name) => {
    const before = await count(caller)
    expect((await reply(caller, `fault.crash.${name}`)).status).toBe(503)
    const line = await server.logged(({ msg, pid }) => msg === LOST && pid === before.pid)
    expect(line.fds).toContain(before.fd)
    await server.logged(({ msg }) => msg.startsWith('a worker was ended by SIG'))
    await expectService()
  },
)

test('a loop behind an await costs no connection, and is named as one', async () => {
  expect((await reply(caller, 'fault.crash.loopLater')).status).toBe(503)
  await server.logged(({ msg }) => /^the worker stands still for \d+ s in /.test(msg))
  await expectService()
})

test('a stack overflow costs its own call only, which gets 500', async () => {
  const before = await count(caller)
  expect((await reply(caller, 'fault.crash.overflow')).status).toBe(500)
  expect(await server.logged(naming('Maximum call stack'))).toMatchObject({ action: 'Fault.Crash.overflow' })
  expect((await count(caller)).pid).toBe(before.pid)
})

test('a refusal that cannot be JSON costs its own call only, which gets 500', async () => {
  const before = await count(caller)
  expect((await reply(caller, 'fault.crash.cyclic')).status).toBe(500)
  expect((await count(caller)).pid).toBe(before.pid)
})

test('the rejection of a promise that nobody looks at costs nothing, and the log names the action', async () => {
  const before = await count(caller)
  expect((await reply(caller, 'fault.crash.rejection')).event).toBe('went on')
  expect(await server.logged(naming('nobody looks at this'))).toHaveProperty(
    'actions',
    expect.arrayContaining(['Fault.Crash.rejection']),
  )
  expect((await count(caller)).pid).toBe(before.pid)
})

test('a throw in a timer costs no connection, its caller gets 503, the log names the action', async () => {
  expect((await reply(caller, 'fault.crash.timer')).status).toBe(503)
  const { actions } = await server.logged(naming('thrown in a timer'))
  expect(actions).toContain('Fault.Crash.timer')
  await expectService()
})
