import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Client } from '../../support/client'
import type { LogLine, Server } from '../../support/server'
import { lastOldWorkerEnded, Project, reload, reloadWhole } from './project'

/** For a hook, or a call, that is to be given up, in seconds. */
const WAIT = 2

/** For calls that are to end: also where this test stands still before it lets them. */
const LONG_WAIT = 60

let project: Project
let server: Server
let client: Client
beforeEach(async () => {
  project = new Project()
})
afterEach(async () => {
  await server.stop()
  project.delete()
})

async function start(max_wait_time = LONG_WAIT): Promise<void> {
  project.configure({ setting: { max_wait_time, worker_num: 1 } })
  server = await project.start()
  client = await Client.connect(server.url())
}

const said = (text: string) => (line: LogLine) => line.msg === text
const place = (text: string) => server.log.all.findIndex(said(text))
const gate = () => join(project.folder, 'gate')
const release = () => writeFileSync(gate(), '')

/** A call that is under way until `release`. */
async function hold(caller: Client, watch = false): Promise<void> {
  caller.send({ method: 'calls.calls.hold', until: gate(), watch })
  await server.logged(said('hold began'))
}

test('onReload runs in the old worker, when its calls have ended; all that it sends arrives', async () => {
  project.controller('Farewell', {
    members: "onReload(app) { for (let n = 0; n < 18; n++) app.toAll().send('bye', '', n + 'x'.repeat(40_000)) }",
  })
  await start()
  project.version(2)
  await hold(client)
  await reload(server)
  expect(server.log.all.some(said('onReload'))).toBe(false)
  release()
  await lastOldWorkerEnded(server)
  await client.next(({ event, param }) => event === 'bye' && String(param).startsWith('17x'))
  expect(server.log.all.filter(said('onReload')).map(({ version }) => version)).toEqual([1])
  expect(place('hold ended')).toBeLessThan(place('onReload'))
  expect(client.frames.all.filter(({ event }) => event === 'bye')).toHaveLength(18)
})

test('an onReload that throws, or never ends, holds a reload up for max_wait_time only', async () => {
  project.controller('Throws', { members: "onReload() { throw new Error('not now') }" })
  project.controller('Hangs', { members: 'onReload() { return new Promise(() => {}) }' })
  await start(WAIT)
  const began = await reload(server)
  const ended = await lastOldWorkerEnded(server)
  const took = Date.parse(`${ended.time}`) - Date.parse(`${began.time}`)
  expect(took).toBeGreaterThan(WAIT * 500)
  await server.logged(({ msg, hook }) => msg === 'a hook failed' && hook === 'onReload')
})

test('an onReload that loops does not hold a reload up, either', async () => {
  project.controller('Loops', { members: 'onReload() { for (;;); }' })
  await start(WAIT)
  project.remove('App/Loops')
  await reloadWhole(server)
  expect((await client.call('calls.calls.now')).status).toBe(200)
})

/** It is given up after this, and then has as long for its end, in seconds. */
const WAIT_LATE = 5

const LATE = `
  async late(app, { fd, until }) {
    while (!require('node:fs').existsSync(until)) await new Promise((resolve) => setTimeout(resolve, 5))
    app.sendSuccessMessage(fd, 'late', 'too late')
    app.toAll().send('late', 'too late')
    app.toUser(1).send('late', 'too late')
    app.session(fd, slot('kept', require('zod').z.any())).set('too late')
    log.info('late has sent')
    this.sent = true
  }
  async onReload() { while (!this.sent) await new Promise((resolve) => setTimeout(resolve, 5)) }`

test('a call that outlives max_wait_time gets 503, and what it sends later reaches nobody', async () => {
  project.controller('Late', { members: LATE, actions: ['late'] })
  await start(WAIT_LATE)
  project.version(2)
  client.send({ method: 'late.late.late', until: gate() })
  client.send({ method: 'calls.calls.now' })
  client.send('garbage')
  await client.next('receiveMessage')
  await reload(server)
  const lost = await client.next('serviceUnavailable')
  expect(lost.param).toEqual({ from: 1, count: 3 })
  expect((await client.call('calls.calls.now')).param).toMatchObject({ version: 2 })
  release()
  await lastOldWorkerEnded(server)
  expect(place('late has sent')).toBeGreaterThan(0)
  expect((await client.call('calls.calls.now')).status).toBe(200)
  expect(client.frames.all.filter(({ event }) => event === 'late')).toEqual([])
})

test('a close comes after the call that is still under way in the old worker, in that worker', async () => {
  await start()
  project.version(2)
  await hold(client, true)
  await reload(server)
  await client.close()
  release()
  expect((await server.logged(said('onClose'))).version).toBe(1)
  expect(place('hold ended')).toBeLessThan(place('onClose'))
  await lastOldWorkerEnded(server)
})

test('a call whose client has left is under way all the same: the old worker waits for it', async () => {
  await start()
  await hold(client)
  await client.close()
  await reload(server)
  await expect(server.logged(said('onReload'), 300)).rejects.toThrow('no such log line')
  release()
  await lastOldWorkerEnded(server)
  expect(place('hold ended')).toBeGreaterThan(0)
  expect(place('hold ended')).toBeLessThan(place('onReload'))
})
