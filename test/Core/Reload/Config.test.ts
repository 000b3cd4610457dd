import { afterEach, beforeEach, expect, test } from 'vitest'
import { authString, Client, phone, refused } from '../../support/client'
import type { Server } from '../../support/server'
import { gatewayOf } from '../Faults/support'
import { Project, reload, reloadWhole } from './project'

let project: Project
let server: Server
let client: Client
beforeEach(async () => {
  project = new Project()
  server = await project.start()
  client = await Client.connect(server.url())
})
afterEach(async () => {
  await server.stop()
  project.delete()
})

test('a changed key counts from the reload on; who is connected stays', async () => {
  project.configure({ auth: { key: ['a-new-key'] } })
  await Client.connect(server.url()) // the configuration has changed in a file only
  await reload(server)
  const auth = (key: string) => `${server.url()}?auth=${encodeURIComponent(authString(phone(), key))}`
  expect(await refused(auth('kfw001-websocket'))).toEqual({ status: 403, message: 'error auth' })
  await expect(refused(auth('a-new-key'))).rejects.toThrow('was accepted')
  expect((await client.call('calls.calls.now')).status).toBe(200)
})

test('a changed rate limit counts from the reload on, for connections that are there too', async () => {
  const burst = async () => {
    const gateway = gatewayOf(server)
    process.kill(gateway, 'SIGSTOP') // it reads all of them at once, before any time has passed for more
    for (let i = 0; i < 20; i++) client.send({ method: 'calls.calls.now', callId: i })
    process.kill(gateway, 'SIGCONT')
    return client.next(({ event, callId }) => event === 'tooManyRequests' || (event === 'answer' && callId === 19))
  }
  expect((await burst()).event).toBe('answer')
  project.configure({ limits: { rate: 1, burst: 10 } })
  await reload(server)
  const { status, param } = await burst()
  expect(status).toBe(429)
  expect(param).toEqual({ from: 31, count: 10 }) // the burst is for 10 of these 20
})

test('a changed idle time counts from the reload on', async () => {
  project.configure({ setting: { heartbeat_idle_time: 1 } })
  await reload(server)
  expect(await client.closed).toMatchObject({ code: 4408 })
})

const SESSION = `
  read(app, { fd }) { app.sendSuccessMessage(fd, 'answer', 'ok', app.session(fd, SLOT).get() ?? 'nothing') }
  write(app, { fd, value }) { app.session(fd, SLOT).set(value); app.sendSuccessMessage(fd, 'answer', 'ok') }`
const keep = (schema: string) =>
  project.controller('Keep', {
    load: `const { z } = require('zod'); const SLOT = slot('kept', ${schema})`,
    members: SESSION,
    actions: ['read', 'write'],
  })

test('a session outlives the reload, and new code checks it again', async () => {
  keep('z.any()')
  await reloadWhole(server)
  expect((await client.call('keep.keep.write', { value: { count: 3 } })).status).toBe(200)
  keep('z.object({ count: z.number().transform((count) => count + 1) })')
  await reloadWhole(server)
  expect((await client.call('keep.keep.read')).param).toEqual({ count: 4 })
  keep('z.object({ name: z.string() })')
  await reloadWhole(server)
  expect((await client.call('keep.keep.read')).param).toBe('nothing')
  keep('z.any()')
  await reloadWhole(server)
  expect((await client.call('keep.keep.read')).param).toEqual({ count: 3 })
})
