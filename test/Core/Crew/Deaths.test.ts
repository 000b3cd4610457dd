import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Client } from '../../support/client'
import { eventually } from '../../support/eventually'
import type { LogLine, Server } from '../../support/server'
import { ended, workersOf } from '../Faults/support'
import { Project } from '../Reload/project'
import { gatewayReplaced, gatewaysOf } from './crew'

let project: Project
let server: Server
beforeEach(async () => {
  project = new Project({ setting: { worker_num: 1, max_wait_time: 3 } })
})
afterEach(async () => {
  await server.stop()
  project.delete()
})

const start = async () => {
  server = await project.start({ APP_GATEWAYS: '2' })
}
const said = (text: string) => (line: LogLine) => line.msg === text

/** Waits for a file, and tells what becomes of its call. */
const HELD = `async hold(app, { fd, until }) {
  app.signal.addEventListener('abort', () => log.info('aborted'))
  log.info('began')
  while (!existsSync(until)) await new Promise((resolve) => setTimeout(resolve, 5))
  app.sendSuccessMessage(fd, 'held', '')
  await app.fdJoin(fd, 'group').catch((error) => log.info({ reason: String(error) }, 'not joined'))
  log.info('ended')
}
onClose() { log.info('onClose') }`

test('a call whose gateway dies is told, and goes on to its end; its worker lives, and serves others meanwhile', async () => {
  project.controller('Held', { load: "const { existsSync } = require('node:fs')", members: HELD, actions: ['hold'] })
  await start()
  const workers = workersOf(server)
  const gate = join(project.folder, 'gate')
  const client = await Client.connect(server.url())
  client.send({ method: 'held.held.hold', until: gate })
  await server.logged(said('began'))
  for (const pid of gatewaysOf(server)) process.kill(pid, 'SIGKILL')
  expect((await client.closed).code).toBe(1006)
  await server.logged(said('aborted'))
  await gatewayReplaced(server)
  await gatewayReplaced(server)
  const other = await Client.connect(server.url())
  await other.call('calls.calls.now')
  expect(server.log.all.some(said('ended'))).toBe(false)
  writeFileSync(gate, '')
  await server.logged(said('ended'))
  expect((await other.call('calls.calls.now')).event).toBe('answer')
  expect(workersOf(server)).toEqual(workers)
  expect(server.log.all.filter(({ level }) => level === 'error')).toEqual([])
})

test('a supervisor that dies takes both gateways and all workers along, and a slow onClose still runs to its end', async () => {
  project.controller('Slow', {
    members: `async ask(app, { fd }) {
  await app.fdAddController(fd, 'Slow.Slow')
  app.sendSuccessMessage(fd, 'asked', '')
}
async onClose() {
  await new Promise((resolve) => setTimeout(resolve, 700))
  log.info('onClose ended')
}`,
    actions: ['ask'],
  })
  await start()
  const all = [...gatewaysOf(server), ...workersOf(server)]
  const client = await Client.connect(server.url()) // the other gateway has nobody to wait for
  await client.call('slow.slow.ask')
  server.process.kill('SIGKILL')
  expect((await client.closed).code).toBe(1001)
  await server.logged(said('onClose ended'))
  await ended(all)
})

test('a gateway that dies while a reload is prepared does not hold it up, and its replacement serves the new code', async () => {
  await start()
  project.version(2)
  const gate = join(project.folder, 'gate')
  project.controller('Late', {
    load: `const { existsSync } = require('node:fs')
log.info('loading')
while (!existsSync('${gate}')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)`,
    members: 'late() {}',
    actions: ['late'],
  })
  server.process.kill('SIGHUP')
  await server.logged(said('loading'))
  const [dies = 0] = gatewaysOf(server)
  process.kill(dies, 'SIGKILL')
  await gatewayReplaced(server)
  writeFileSync(gate, '')
  await server.logged(said('reload: new code serves'))
  await everywhere(2)
})

test('a gateway that dies when the new workers are ready counts as agreeing', async () => {
  await start()
  for (let version = 2; version <= 4; version++) {
    project.version(version)
    server.process.kill('SIGHUP')
    const [dies = 0] = gatewaysOf(server)
    // The moment differs from round to round; what must hold is the same.
    await eventually(() => {
      const over = server.log.all.filter(said('reload: new code serves')).length === version - 1
      if (!over) expect(workersOf(server).length).toBeGreaterThan(1)
    })
    await new Promise((resolve) => setTimeout(resolve, (version - 2) * 150))
    process.kill(dies, 'SIGKILL')
    await server.logged(said('reload: new code serves'))
    await server.logged(said('reload: the last old worker has ended'))
    await gatewayReplaced(server)
    await everywhere(version)
  }
})

/** Expects code of this version on new connections of both gateways. */
async function everywhere(version: number): Promise<void> {
  const clients = await Promise.all(Array.from({ length: 30 }, () => Client.connect(server.url())))
  const answers = await Promise.all(clients.map((client) => client.call('calls.calls.now')))
  for (const { param } of answers) expect(param).toMatchObject({ version })
  await Promise.all(clients.map((client) => client.close()))
}
