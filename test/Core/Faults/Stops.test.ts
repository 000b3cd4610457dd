import { expect, test } from 'vitest'
import { Load } from '../../support/load'
import { Server } from '../../support/server'
import { expectNothingLost, gatewayOf, measured, workersOf } from './support'

const STALL_S = 2
const STOPPED_MS = 5000

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test.concurrent.each([
  ['the gateway', (server: Server) => [gatewayOf(server)]],
  ['the supervisor', (server: Server) => [server.process.pid ?? 0]],
  ['the whole server', (server: Server) => [server.process.pid ?? 0, gatewayOf(server), ...workersOf(server)]],
])('%s is stopped for 5 s: no healthy worker is ended, no client falls, no call is lost', async (what, who) => {
  const server = await Server.start({ fixture: 'faults', env: { APP_MODE: 'process', TEST_STALL: `${STALL_S}` } })
  try {
    const workers = workersOf(server)
    const load = await Load.connect({
      url: server.url(),
      clients: 20,
      inFlight: 2,
      method: 'fault.work.count',
      data: () => ({ ms: 10 }),
    })
    load.run()
    const pids = who(server)
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    await pause(STOPPED_MS)
    for (const pid of pids) process.kill(pid, 'SIGCONT')
    // Long enough for a false alarm: several looks of the supervisor and of the watchdog.
    await pause(STALL_S * 2000)
    const account = await load.pause()
    measured(`${what} stopped for 5 s`, account)
    expectNothingLost(account)
    expect(account.named).toBe(0)
    expect(workersOf(server)).toEqual(workers)
    expect(server.log.all.filter(({ level }) => level === 'fatal' || level === 'error')).toEqual([])
    await load.close()
  } finally {
    await server.stop()
  }
})
