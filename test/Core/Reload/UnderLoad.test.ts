import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Server } from '../../support/server'
import { allAnswered, Load } from './load'
import { lastOldWorkerEnded, Project, reload } from './project'

const RELOADS = 5

let project: Project
let server: Server
beforeAll(async () => {
  project = new Project()
  server = await project.start()
})
afterAll(async () => {
  await server.stop()
  project.delete()
})

test('new code comes in under full load and loses, doubles and mixes up no call', { timeout: 300_000 }, async () => {
  const load = await Load.start({
    url: server.url(),
    clients: 200,
    inFlight: 4,
    // Half of the clients call what answers at once, half of them what takes up to 50 ms.
    call: (client, n) =>
      client % 2 === 0 ? { method: 'calls.calls.now' } : { method: 'calls.calls.wait', ms: (client * 7 + n * 13) % 51 },
  })
  for (let version = 2; version <= RELOADS + 1; version++) {
    project.version(version)
    await reload(server)
    load.floor = version
    await lastOldWorkerEnded(server)
  }
  const { calls, longestMs, pids, ...totals } = await load.stop()
  console.log(`${RELOADS} reloads: ${calls} calls, ${pids.size} workers, longest wait ${longestMs.toFixed(1)} ms`)
  expect(totals).toEqual(allAnswered(calls))
  expect(pids.size).toBe((RELOADS + 1) * 2)
  expect(longestMs).toBeLessThan(10_000) // far less, on a machine that does not stand still
})
