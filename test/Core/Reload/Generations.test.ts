import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { authString, Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { Server } from '../../support/server'
import { gatewayOf, processesOf, workersOf } from './processes'
import { Project, reloadWhole } from './project'

let project: Project
let runtime: string
let server: Server | undefined
beforeEach(() => {
  project = new Project()
  runtime = mkdtempSync(join(tmpdir(), 'mswoole-runtime-'))
})
afterEach(async () => {
  await server?.stop()
  server = undefined
  expect(processesOf(project.folder, runtime)).toEqual([])
  project.delete()
  rmSync(runtime, { recursive: true, force: true })
})

async function start(): Promise<Server> {
  server = await project.start({ APP_RUNTIME: runtime })
  return server
}

/** Kills the worker that serves a client, and waits for the next one. @returns the version that then answers */
async function killAndCall(running: Server, client: Client): Promise<unknown> {
  const before = Object((await client.call('calls.calls.now')).param).pid
  process.kill(Number(before), 'SIGKILL')
  await running.logged(({ msg }) => msg === 'a new worker serves')
  const { version, pid } = Object((await client.call('calls.calls.now')).param)
  expect(pid).not.toBe(before)
  return version
}

test('a worker that is replaced runs the code of its generation, whatever dist/ has become', async () => {
  const running = await start()
  const client = await Client.connect(running.url())
  project.version(2)
  project.controller('Bad', { load: 'const = 1' })
  expect(await killAndCall(running, client)).toBe(1)
  project.remove('App/Bad')
  await reloadWhole(running)
  project.version(3)
  expect(await killAndCall(running, client)).toBe(2)
  project.rename('dist', 'gone')
  expect(await killAndCall(running, client)).toBe(2)
})

test('a gateway that was killed comes back with the code and the keys that served', async () => {
  const running = await start()
  const client = await Client.connect(running.url())
  project.version(2)
  project.configure({ auth: { key: ['a-new-key'] } })
  await reloadWhole(running)
  project.version(3)
  project.configure({ auth: { key: ['a-newer-key'] } })
  process.kill(gatewayOf(project.folder), 'SIGKILL')
  expect((await client.closed).code).toBe(1006)
  await running.logged(({ msg }) => msg === 'a new gateway serves')
  const auth = authString(phone(), 'a-new-key')
  const again = await Client.connect(`${running.url()}?auth=${encodeURIComponent(auth)}`, null)
  expect((await again.call('calls.calls.now')).param).toMatchObject({ version: 2 })
})

test('a worker that is killed now and then is no crash loop, and is back at once', async () => {
  const running = await start()
  const client = await Client.connect(running.url())
  const took: number[] = []
  for (let kill = 0; kill < 10; kill++) {
    const from = performance.now()
    expect(await killAndCall(running, client)).toBe(1)
    took.push(performance.now() - from)
  }
  console.log(`a killed worker is back after ${took.map((ms) => ms.toFixed()).join(', ')} ms`)
  // A back-off would have grown to 10 s for the last two; one of them alone may also have met a machine that stood still.
  expect(Math.min(...took.slice(-2))).toBeLessThan(8000)
  expect(running.log.all.some(({ crashLoop }) => crashLoop !== undefined)).toBe(false)
})

/** Does not load while a file is there. */
const broken = () => `if (require('node:fs').existsSync(${JSON.stringify(mark())})) throw new Error('no start today')`
const mark = () => join(project.folder, 'mark')

test('workers that die at every start are called a crash loop; the others serve, and all is well when it ends', async () => {
  project.controller('Moody', { load: broken(), members: 'a() {}', actions: ['a'] })
  const running = await start()
  const clients = [await Client.connect(running.url()), await Client.connect(running.url())]
  const [served] = clients.map(async (client) => Object((await client.call('calls.calls.now')).param).pid)
  writeFileSync(mark(), '')
  process.kill(Number(await served), 'SIGKILL')
  const { err } = await running.logged(({ crashLoop }) => crashLoop === true)
  expect(Object(err).message).toContain('App/Moody/Controller/Moody.js:2')
  expect((await clients[1]?.call('calls.calls.now'))?.status).toBe(200)
  rmSync(mark())
  await running.logged(({ msg }) => msg === 'a new worker serves')
  expect((await clients[0]?.call('calls.calls.now'))?.status).toBe(200)
})

test('a worn worker whose replacement does not start goes on, and is replaced later', async () => {
  project.controller('Moody', { load: broken(), members: 'a() {}', actions: ['a'] })
  project.configure({ setting: { worker_num: 1, max_request: 5 } })
  const running = await start()
  const client = await Client.connect(running.url())
  writeFileSync(mark(), '')
  const { pid } = Object((await client.call('calls.calls.now')).param)
  for (let n = 0; n < 5; n++) await client.call('calls.calls.now')
  await running.logged(({ msg }) => msg === 'a worn worker could not be replaced yet and goes on')
  expect((await client.call('calls.calls.now')).param).toEqual({ version: 1, pid })
  rmSync(mark())
  await running.logged(({ msg }) => msg === 'a worker is replaced')
  expect(Object((await client.call('calls.calls.now')).param).pid).not.toBe(pid)
})

test('a first start that does not succeed ends with 1, says why, and leaves nothing behind', async () => {
  const file = project.controller('Bad', { load: 'const = 1' })
  const { code, output } = await Server.fail({ folder: project.folder, env: { APP_RUNTIME: runtime } })
  expect(code).toBe(1)
  expect(output).toContain(`${file}:2`)
  expect(output).not.toContain('generations')
  expect(processesOf(project.folder, runtime)).toEqual([])
  if (existsSync(runtime)) expect(readdirSync(runtime)).toEqual(['logs'])
})

test('the folder of what is written at run time is closed to others, and empty of all but logs after a stop', async () => {
  const running = await start()
  expect(statSync(runtime).mode & 0o777).toBe(0o700)
  expect(readdirSync(runtime)).toContain('link-1.sock')
  expect(workersOf(project.folder)).toHaveLength(2)
  running.process.kill('SIGTERM')
  await eventually(() => expect(processesOf(project.folder, runtime)).toEqual([]))
  expect(readdirSync(runtime)).toEqual(['logs'])
})

test('sockets stand in a short private folder where Runtime has a long name', async () => {
  const long = join(runtime, 'x'.repeat(60), 'y'.repeat(60))
  server = await project.start({ APP_RUNTIME: long, TMPDIR: runtime })
  const client = await Client.connect(server.url())
  expect((await client.call('calls.calls.now')).status).toBe(200)
  const folders = readdirSync(runtime).filter((name) => name.startsWith('mswoole-'))
  expect(folders).toHaveLength(1)
  const [folder = ''] = folders
  expect(statSync(join(runtime, folder)).mode & 0o777).toBe(0o700)
  expect(readdirSync(join(runtime, folder))).toContain('link-1.sock')
  expect(readdirSync(long).filter((name) => name.endsWith('.sock'))).toEqual([])
  await reloadWhole(server)
  server.process.kill('SIGTERM')
  await eventually(() => expect(existsSync(join(runtime, folder))).toBe(false))
})

test('a SIGHUP that comes before the server has started is a reload when it has', async () => {
  const starting = start()
  let pid = 0
  await eventually(() => {
    pid = Number.parseInt(readFileSync(join(runtime, 'server.pid'), 'utf8'), 10)
  })
  process.kill(pid, 'SIGHUP')
  const running = await starting
  await running.logged(({ msg }) => msg === 'reload: the last old worker has ended')
})

test('a supervisor that stands still while new code loads does not take it for code that hangs', async () => {
  project.configure({ setting: { stall_limit: 1 } })
  const running = await start()
  const gate = join(project.folder, 'gate')
  project.version(2)
  project.controller('Late', {
    load: `const { existsSync } = require('node:fs')
log.info('loading')
while (!existsSync('${gate}')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)`,
    members: 'late() {}',
    actions: ['late'],
  })
  running.process.kill('SIGHUP')
  for (let worker = 0; worker < 2; worker++) await running.logged(({ msg }) => msg === 'loading')
  running.process.kill('SIGSTOP')
  writeFileSync(gate, '')
  await new Promise((resolve) => setTimeout(resolve, 7000)) // longer than it waits for a file: stall_limit, and 5 s
  running.process.kill('SIGCONT')
  await running.logged(({ msg }) => msg === 'reload: new code serves')
  await running.logged(({ msg }) => msg === 'reload: the last old worker has ended')
})
