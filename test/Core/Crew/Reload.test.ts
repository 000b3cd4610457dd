import { afterAll, beforeAll, expect, test } from 'vitest'
import { authString, Client, phone } from '../../support/client'
import { runConsole } from '../../support/program'
import type { Server } from '../../support/server'
import { measured } from '../Faults/support'
import { allAnswered, Load } from '../Reload/load'
import { Project } from '../Reload/project'

const RELOADS = 20

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

/** `console reload` in the folder of the project. */
const consoleReload = () => runConsole(['reload'], { cwd: project.folder, env: { APP_RUNTIME: server.runtime } })

test('500 clients in closed loop over 20 reloads by console: nobody falls, no call is lost, doubled or answered by old code', async () => {
  const load = await Load.start({
    url: server.url(),
    clients: 500,
    inFlight: 1,
    call: () => ({ method: 'calls.calls.now' }),
  })
  for (let version = 2; version <= RELOADS + 1; version++) {
    project.version(version)
    expect(await consoleReload()).toMatchObject({ code: 0, stdout: '服务即将重启' })
    load.floor = version
  }
  const { calls, longestMs, pids, ...totals } = await load.stop()
  measured('20 reloads by console, 500 clients', { calls, longestMs: Math.round(longestMs) })
  expect(totals).toEqual(allAnswered(calls))
  expect(pids.size).toBe((RELOADS + 1) * 2)
}, 300_000)

test('a file that controllers share, a limit and a key are new after a reload by console', async () => {
  const shared = (word: string) => project.write('Library/Words.js', `exports.WORD = '${word}'\n`)
  shared('old')
  project.controller('Words', {
    load: `const { WORD } = require('../../../Library/Words')`,
    members: `say(app, { fd }) { app.sendSuccessMessage(fd, 'answer', WORD) }`,
    actions: ['say'],
  })
  await consoleReload()
  const client = await Client.connect(server.url())
  expect((await client.call('words.words.say')).info).toBe('old')
  shared('new')
  project.configure({ auth: { key: ['another-key', 'kfw001-websocket'] }, limits: { rate: 1, burst: 10 } })
  expect((await consoleReload()).code).toBe(0)
  expect((await client.call('words.words.say')).info).toBe('new')
  for (let n = 0; n < 20; n++) client.send({ method: 'words.words.say' })
  expect((await client.next('tooManyRequests')).status).toBe(429)
  const auth = encodeURIComponent(authString(phone(), 'another-key'))
  await (await Client.connect(`${server.url()}?auth=${auth}`, null)).close()
  project.configure({})
  expect((await consoleReload()).code).toBe(0)
})

test('code that does not load ends the console with 1, and changes nothing at either gateway', async () => {
  const clients = await Promise.all(Array.from({ length: 20 }, () => Client.connect(server.url())))
  const { param } = (await clients[0]?.call('calls.calls.now')) ?? {}
  project.version(99)
  const file = project.controller('Bad', { load: 'const = 1' })
  const refused = await consoleReload()
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(`${file}:2`) })
  project.remove('App/Bad')
  const { version } = Object(param)
  for (const client of clients) expect((await client.call('calls.calls.now')).param).toMatchObject({ version })
  expect((await consoleReload()).code).toBe(0)
  for (const client of clients) expect((await client.call('calls.calls.now')).param).toMatchObject({ version: 99 })
})
