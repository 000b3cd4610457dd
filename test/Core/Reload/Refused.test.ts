import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { AppOptions } from '../../../Library/Config/Schema'
import { Client } from '../../support/client'
import { eventually } from '../../support/eventually'
import type { Filter } from '../../support/inbox'
import type { LogLine, Server } from '../../support/server'
import { failToReload, Project, reloadWhole } from './project'

let project: Project
let server: Server
let client: Client
beforeAll(async () => {
  project = new Project(OPTIONS)
  server = await project.start()
  client = await Client.connect(server.url())
})
afterAll(async () => {
  await server.stop()
  project.delete()
})

/** A worker of a machine that is busy with something else must not be taken for one that hangs. */
const setting = { stall_limit: 5 }
const outside = { main: { port: 0 }, other: { port: 0 } }
const OPTIONS: AppOptions = { setting, outside }
const BAD = 'App/Bad'
const workersNow = () => server.log.all.filter(({ msg }) => msg === 'a new worker serves').length

/** Old code everywhere, on old and new connections; and good code comes in afterwards. */
async function oldCodeGoesOn(): Promise<void> {
  const other = await Client.connect(server.url())
  for (const each of [client, client, other, other]) {
    expect((await each.call('calls.calls.now')).param).toMatchObject({ version: 1 })
  }
  await other.close()
}

function tellsThePlace(told: string, file: string, line: number): void {
  expect(told).toContain(`${file}:${line}`)
  expect(told).not.toContain('generations')
  expect(server.output.filter((text) => text.includes('reload failed')).join()).not.toContain('generations')
}

afterEach(async () => {
  project.remove(BAD)
  project.version(1)
  await reloadWhole(server)
  await oldCodeGoesOn()
  expect(workersNow()).toBe(0) // nobody had to be replaced
})

test('a syntax error is told with file and line, and the old code goes on', async () => {
  project.version(2)
  const file = project.controller('Bad', { load: 'const = 1' })
  const told = await failToReload(server)
  expect(told).toContain('SyntaxError')
  tellsThePlace(told, file, 2)
  await oldCodeGoesOn()
})

test('a constructor that throws is told with file and line, and the old code goes on', async () => {
  project.version(2)
  const file = project.controller('Bad', {
    members: "constructor() {\nthrow new Error('out of order') }\nbad() {}",
    actions: ['bad'],
  })
  const told = await failToReload(server)
  expect(told).toContain('out of order')
  tellsThePlace(told, file, 5)
  await oldCodeGoesOn()
})

test('a dependency that is missing is told with file and line, and the old code goes on', async () => {
  project.version(2)
  const file = project.controller('Bad', { load: "require('not-installed')", members: 'bad() {}', actions: ['bad'] })
  const told = await failToReload(server)
  expect(told).toContain("Cannot find module 'not-installed'")
  tellsThePlace(told, file, 2)
  await oldCodeGoesOn()
})

test('what is thrown after the loading, where nobody can catch it, is told with file and line', async () => {
  project.version(2)
  const file = project.controller('Bad', {
    load: "queueMicrotask(() => { throw new Error('too late') })",
    members: 'bad() {}',
    actions: ['bad'],
  })
  await failToReload(server)
  const { err } = await server.logged(({ msg }) => msg.startsWith('user code threw'))
  expect(Object(err).stack).toContain(`${file}:2`)
  expect(Object(err).stack).not.toContain('generations')
  await oldCodeGoesOn()
})

test('code that hangs while it is loaded is given up after stall_limit, and named', async () => {
  project.version(2)
  const file = project.controller('Bad', { load: 'for (;;);', members: 'bad() {}', actions: ['bad'] })
  const told = await failToReload(server)
  expect(told).toContain('setting.stall_limit')
  expect(told).toContain(file)
  expect(told).not.toContain('generations')
  await oldCodeGoesOn()
})

/** Of the two new workers the first one dies when it has said that it is ready; the other one waits for that. */
const DIES = `
const { readFileSync, writeFileSync } = require('node:fs')
const { send } = process
try {
  writeFileSync('MARK', String(process.pid), { flag: 'wx' })
  process.send = (report, ...rest) => {
    if (report.report === 'ready') setTimeout(() => process.kill(process.pid, 'SIGKILL'), 20)
    return send.call(process, report, ...rest)
  }
} catch {
  for (;;) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
    try { process.kill(Number(readFileSync('MARK', 'utf8')), 0) } catch { break }
  }
}
`

test('a worker that is killed between prepare and commit: nothing has changed', async () => {
  const mark = `${project.folder}/mark`
  project.version(2)
  project.controller('Bad', {
    load: DIES.replaceAll('MARK', mark),
    members: 'bad() {}',
    actions: ['bad'],
  })
  const told = await failToReload(server)
  expect(told).toMatch(/worker \d+ died before it could serve; nothing has changed/)
  await oldCodeGoesOn()
})

test('a public port that changes wants a restart, and the old code goes on', async () => {
  project.version(2)
  project.write('App/Bad/none.js', '')
  const changes = [
    { ...outside, other: { port: 20_000 } },
    { ...outside, main: { port: 0, auth: false } },
    { ...outside, third: { port: 0 } },
  ]
  for (const changed of changes) {
    project.configure({ setting, outside: changed })
    expect(await failToReload(server)).toMatch(/the public port \w+ .*: use restart/)
  }
  project.configure({ setting: { ...setting, worker_num: 3 }, outside })
  expect(await failToReload(server)).toMatch(/setting.worker_num .*: use restart/)
  project.configure(OPTIONS)
  await oldCodeGoesOn()
})

test('two reloads at once come one after the other', async () => {
  project.controller('Bad', { members: 'bad() {}', actions: ['bad'] })
  project.version(2)
  const before = server.log.all.length
  const since = (filter: Filter<LogLine>) => server.log.all.slice(before).filter(filter)
  const ended = () => since(({ msg }) => msg.startsWith('reload: '))
  server.process.kill('SIGHUP')
  await eventually(() => expect(since(({ msg }) => msg === 'reload')).toHaveLength(1)) // two signals at once are one
  server.process.kill('SIGHUP')
  await eventually(() => expect(ended()).toHaveLength(4))
  expect(ended().map(({ msg }) => msg.includes('serves'))).toEqual([true, false, true, false])
  expect((await client.call('calls.calls.now')).param).toMatchObject({ version: 2 })
  for (const _ of ended()) await server.logged(({ msg }) => msg.startsWith('reload: '))
})

test('no compiled code at all: nothing has changed', async () => {
  project.version(2)
  project.controller('Bad', { members: 'bad() {}', actions: ['bad'] })
  project.rename('dist', 'dist-away')
  const told = await failToReload(server)
  project.rename('dist-away', 'dist')
  expect(told).toContain('dist')
  await oldCodeGoesOn()
})
