import { afterEach, beforeEach, expect, test } from 'vitest'
import { Client } from '../../support/client'
import { eventually } from '../../support/eventually'
import type { Server } from '../../support/server'
import { failToReload, Project } from './project'

const base = { setting: { mode: 'base', worker_num: 1 } } as const

let project: Project
let server: Server
beforeEach(async () => {
  project = new Project(base)
  server = await project.start()
})
afterEach(async () => {
  await server.stop()
  project.delete()
})

const restarted = () => server.logged(({ msg }) => msg === 'restarted with new code')

async function version(): Promise<unknown> {
  const client = await Client.connect(server.url())
  const { param } = await client.call('calls.calls.now')
  await client.close()
  return Object(param).version
}

test('in base mode a reload is a restart: clients are told 1012, and find new code on the same port', async () => {
  const client = await Client.connect(server.url())
  project.version(2)
  project.configure({ ...base, auth: { key: ['another-key'] } })
  server.process.kill('SIGHUP')
  expect(await client.closed).toMatchObject({ code: 1012 })
  await restarted()
  project.configure(base)
  await expect(version()).rejects.toThrow() // its key is not accepted any more
  server.process.kill('SIGHUP')
  await restarted()
  expect(await version()).toBe(2)
})

test('in base mode, too, code that does not start changes nothing', async () => {
  const client = await Client.connect(server.url())
  const file = project.controller('Bad', { load: 'const = 1' })
  project.version(2)
  expect(await failToReload(server)).toContain(`${file}:2`)
  expect((await client.call('calls.calls.now')).param).toMatchObject({ version: 1 })
  project.remove('App/Bad')
  server.process.kill('SIGHUP')
  expect(await client.closed).toMatchObject({ code: 1012 })
  await restarted()
  expect(await version()).toBe(2)
})

test('in base mode two reloads at once come one after the other', async () => {
  project.version(2)
  server.process.kill('SIGHUP')
  await server.logged(({ msg }) => msg === 'reload')
  server.process.kill('SIGHUP')
  await restarted()
  await restarted()
  expect(await version()).toBe(2)
  expect((await server.stop()).code).toBe(0)
  await eventually(() => expect(server.log.all.filter(({ msg }) => msg === 'stopped')).toHaveLength(3))
})
