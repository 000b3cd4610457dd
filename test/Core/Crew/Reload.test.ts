import { afterAll, beforeAll, expect, test } from 'vitest'
import { Client } from '../../support/client'
import type { Server } from '../../support/server'
import { allAnswered, Load } from '../Reload/load'
import { failToReload, lastOldWorkerEnded, Project, reload, reloadWhole } from '../Reload/project'

const RELOADS = 4

let project: Project
let server: Server
beforeAll(async () => {
  project = new Project()
  server = await project.start({ APP_GATEWAYS: '2' })
})
afterAll(async () => {
  await server.stop()
  project.delete()
})

test('new code comes in under load at both gateways and loses, doubles and mixes up no call', async () => {
  const load = await Load.start({
    url: server.url(),
    clients: 40,
    inFlight: 2,
    call: (client, n) =>
      client % 2 === 0 ? { method: 'calls.calls.now' } : { method: 'calls.calls.wait', ms: (client * 7 + n * 13) % 51 },
  })
  for (let version = 2; version <= RELOADS + 1; version++) {
    project.version(version)
    await reload(server)
    load.floor = version
    await lastOldWorkerEnded(server)
  }
  const { calls, longestMs: _, pids, ...totals } = await load.stop()
  expect(totals).toEqual(allAnswered(calls))
  expect(pids.size).toBe((RELOADS + 1) * 2)
}, 90_000)

test('code that does not load changes nothing at either gateway', async () => {
  const clients = await Promise.all(Array.from({ length: 20 }, () => Client.connect(server.url())))
  const { param } = (await clients[0]?.call('calls.calls.now')) ?? {}
  project.version(99)
  const file = project.controller('Bad', { load: 'const = 1' })
  expect(await failToReload(server)).toContain(`${file}:2`)
  project.remove('App/Bad')
  const { version } = Object(param)
  for (const client of clients) expect((await client.call('calls.calls.now')).param).toMatchObject({ version })
  await reloadWhole(server)
  for (const client of clients) expect((await client.call('calls.calls.now')).param).toMatchObject({ version: 99 })
})
