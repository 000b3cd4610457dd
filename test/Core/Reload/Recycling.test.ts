import { afterEach, expect, test } from 'vitest'
import { eventually } from '../../support/eventually'
import type { Server } from '../../support/server'
import { allAnswered, type Call, Load } from './load'
import { workersOf } from './processes'
import { Project } from './project'

/** How long each load lasts, in seconds; RECYCLE_SECONDS=60 is the whole promise. */
const SECONDS = Number(process.env.RECYCLE_SECONDS ?? 12)
const WORKERS = 2

/** So many workers are replaced at least. */
const LEAST = 3

let project: Project
let server: Server
afterEach(async () => {
  await server.stop()
  project.delete()
})

/** Loads the server while its workers wear out. Some are replaced, however slow it is. */
async function wear(clients: number, seconds: number, call: (client: number, n: number) => Call): Promise<void> {
  server = await project.start()
  const replacements = () => server.log.all.filter(({ msg }) => msg === 'a worker is replaced')
  const load = await Load.start({ url: server.url(), clients, inFlight: 2, call })
  let most = 0
  const look = setInterval(() => {
    most = Math.max(most, workersOf(project.folder).length)
  }, 100)
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000)) // the load is what the test is about
  await eventually(() => expect(replacements().length).toBeGreaterThanOrEqual(LEAST), 120_000)
  clearInterval(look)
  const { calls, longestMs, pids, ...totals } = await load.stop()
  expect(totals).toEqual(allAnswered(calls))
  const replaced = replacements()
  console.log(`${replaced.length} replaced in ${seconds} s: ${calls} calls, longest wait ${longestMs.toFixed(1)} ms`)
  expect(pids.size).toBeGreaterThanOrEqual(replaced.length)
  // One at a time, the new one ready before the old one goes.
  expect(most).toBe(WORKERS + 1)
  expect(server.log.all.filter(({ level }) => level === 'fatal' || level === 'error')).toEqual([])
}

test('max_request: workers are replaced one at a time under load, and no call is lost', {
  timeout: 300_000,
}, async () => {
  project = new Project({ setting: { worker_num: WORKERS, max_request: 1000 } })
  await wear(100, SECONDS, (client, n) =>
    client % 4 === 0 ? { method: 'calls.calls.wait', ms: (client + n) % 30 } : { method: 'calls.calls.now' },
  )
})

test('max_memory: a worker that leaks is replaced before it grows without end', { timeout: 300_000 }, async () => {
  project = new Project({ setting: { worker_num: WORKERS, max_memory: 130 } })
  await wear(10, SECONDS / 2, () => ({ method: 'calls.calls.leak', kib: 8 }))
  expect(server.log.all.some(({ reason }) => /it uses \d+ MiB \(max_memory 130\)/.test(`${reason}`))).toBe(true)
})
