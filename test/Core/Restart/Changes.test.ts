import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { Client, phone, refused } from '../../support/client'
import { freePort, type RedisServer, startRedis } from '../../support/redis'
import { Server } from '../../support/server'
import { gatewaysOf, pidsOf } from '../Cluster/cluster'
import { workersOf } from '../Faults/support'
import { ask } from '../Manager/ask'
import { type Project, reload } from '../Reload/project'
import { enterMany, makeProject, restart, serves } from './restarting'

const setting = { reactor_num: 1, worker_num: 1, drain_time: 1, max_wait_time: 4, stall_limit: 5 }

let store: RedisServer
let redis: Redis
let project: Project
let server: Server
beforeAll(async () => {
  store = await startRedis()
  redis = new Redis(store.url)
})
beforeEach(async () => {
  await redis.flushall()
  project = makeProject({ setting })
  server = await project.start({ REDIS_URL: store.url })
})
afterEach(async () => {
  await server.stop()
  project.delete()
})
afterAll(async () => {
  redis.disconnect()
  await store.stop()
})

/** @returns why a restart did not take place */
async function failToRestart(): Promise<string> {
  const before = pidsOf(server)
  const [client] = await enterMany(server, 1, 'stays')
  const { answers } = await ask(server.runtime, '{"method":"restart","format":"json"}')
  const { ok, message } = JSON.parse(answers.at(-1) ?? '')
  expect(ok).toBe(false)
  expect((await client?.client.call('calls.calls.now'))?.param).toMatchObject({ version: 1 })
  await client?.client.close()
  expect(pidsOf(server)).toEqual(before)
  return message
}

const versionAt = async (url: string) => {
  const client = await Client.connect(url, phone())
  const { param } = await client.call('calls.calls.now')
  await client.close()
  return Object(param).version
}

test('ports, the number of gateways and that of workers may be other ones', async () => {
  const [port, second] = [server.port(), await freePort()]
  project.version(2)
  const outside = { main: { port: 0 }, other: { port: second } }
  project.configure({ setting: { ...setting, reactor_num: 2, worker_num: 3 }, outside })
  expect((await restart(server, project)).code).toBe(0)
  expect(await serves(server)).toMatchObject({ ports: { main: port, other: second }, gateways: 2, workers: 3 })
  expect([gatewaysOf(server).length, workersOf(server).length]).toEqual([2, 3])
  for (const url of [server.url(), `ws://127.0.0.1:${second}/`]) expect(await versionAt(url)).toBe(2)
  // A reload takes it from there.
  project.version(3)
  await reload(server)
  expect(await versionAt(server.url())).toBe(3)

  project.configure({ setting, outside: { another: { port: 0, auth: false } } })
  expect((await restart(server, project)).code).toBe(0)
  const { ports } = await serves(server)
  expect([gatewaysOf(server).length, workersOf(server).length]).toEqual([1, 1])
  for (const gone of [port, second]) await expect(Client.connect(`ws://127.0.0.1:${gone}/`)).rejects.toThrow('REFUSED')
  const anonymous = await Client.connect(`ws://127.0.0.1:${Object(ports).another}/`, null)
  expect((await anonymous.call('calls.calls.now')).param).toMatchObject({ version: 3 })
})

test('keys and limits of the new configuration count for who comes back', async () => {
  project.configure({ setting, auth: { key: ['another-key'] } })
  expect((await restart(server, project)).code).toBe(0)
  await expect(refused(`${server.url()}?auth=x`)).resolves.toMatchObject({ status: 403 })
  await expect(Client.connect(server.url())).rejects.toThrow('403')
})

test('a configuration that is none changes nothing, and the console says so', async () => {
  project.configure({ setting: { ...setting, drain_time: -1 } })
  expect(await failToRestart()).toContain('setting.drain_time is -1, it may be a whole number from 0 to 3600')
  project.write('Config/app.js', 'exports.default = {')
  expect(await failToRestart()).toContain('Config/app.ts does not load: SyntaxError')
  expect((await restart(server, project)).code).toBe(1)
  project.configure({ setting })
  const file = project.controller('Bad', { load: 'const = 1' })
  expect(await failToRestart()).toContain(`${file}:2`)
  project.controller('Bad', { load: 'for (;;);' })
  expect(await failToRestart()).toContain('setting.stall_limit')
  project.remove('App/Bad')
  expect((await restart(server, project)).code).toBe(0)
})

test('what only a start can change is named, and so is a port that somebody else has', async () => {
  project.configure({ setting: { ...setting, mode: 'base' } })
  expect(await failToRestart()).toMatch(/^setting\.mode changes.*: use stop and start$/)
  project.configure({ setting, manager: { token: 'another' } })
  expect(await failToRestart()).toMatch(/^manager\.token changes.*: use stop and start$/)
  const taken = createServer()
  await new Promise<void>((listening) => taken.listen(0, '127.0.0.1', listening))
  const address = taken.address()
  const port = typeof address === 'object' ? address?.port : 0
  project.configure({ setting, outside: { main: { port: 0 }, other: { port } } })
  expect(await failToRestart()).toContain(`the port other (127.0.0.1:${port}) cannot be used`)
  taken.close()
  // Two names for one port of our own.
  project.configure({ setting, outside: { main: { port: 0 }, other: { port: server.port() } } })
  expect(await failToRestart()).toContain(`the port other (127.0.0.1:${server.port()}) cannot be used`)
})

test('Redis away: a restart gives up, and nothing has changed', async () => {
  const [client] = await enterMany(server, 1, 'stays')
  const before = pidsOf(server)
  await store.kill('SIGSTOP')
  const { answers } = await ask(server.runtime, '{"method":"restart"}')
  await store.kill('SIGCONT')
  expect(answers[0]).toContain('setting.stall_limit')
  expect(pidsOf(server)).toEqual(before)
  expect((await client?.client.call('calls.calls.now'))?.status).toBe(200)
})

test('kernel code of another version comes in by a restart, and a gateway that dies later is replaced by one of the same', async () => {
  // A project that is the framework's own: its kernel is in its dist/.
  const folder = project.folder
  cpSync(resolve('dist/Core'), join(folder, 'dist', 'Core'), { recursive: true })
  cpSync(resolve('dist/Library'), join(folder, 'dist', 'Library'), { recursive: true })
  cpSync(resolve('package.json'), join(folder, 'package.json'))
  rmSync(join(folder, 'node_modules'), { recursive: true })
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  const own = await Server.start({ folder, env: { REDIS_URL: store.url } })
  try {
    const greeting = join(folder, 'dist', 'Core', 'Link', 'Greeting.js')
    const setVersion = (version: number) =>
      writeFileSync(greeting, readFileSync(greeting, 'utf8').replace(/LINK_VERSION = \d+/, `LINK_VERSION = ${version}`))
    project.version(2)
    setVersion(98)
    await expect(reload(own)).rejects.toThrow('a new version of mswoole-ts wants a restart')
    expect(await versionAt(own.url())).toBe(1)
    expect((await restart(own, project)).code).toBe(0)
    expect(await versionAt(own.url())).toBe(2)
    setVersion(99)
    process.kill(gatewaysOf(own)[0] ?? 0, 'SIGKILL')
    await own.logged(({ msg }) => msg === 'a new gateway serves')
    expect(await versionAt(own.url())).toBe(2)
  } finally {
    await own.stop()
  }
})
