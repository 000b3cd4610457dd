import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { Server } from '../../support/server'
import { count, ended, gatewayOf, processes, workersOf } from './support'

let server: Server | undefined
afterEach(() => server?.stop())

async function start(env: Readonly<Record<string, string>> = {}): Promise<Server> {
  server = await Server.start({ fixture: 'faults', env: { APP_MODE: 'process', ...env } })
  return server
}

/** Every process that belongs to a server, also when its supervisor is gone. */
function family({ process: { pid } }: Server): number[] {
  return processes().flatMap((process) => (process.parent === pid ? process.pid : []))
}

test('a gateway that dies comes back by itself, on the same port, and its workers go on', async () => {
  const server = await start()
  const before = await Client.connect(server.url())
  const workers = workersOf(server)
  await count(before)
  process.kill(gatewayOf(server), 'SIGKILL')
  expect((await before.closed).code).toBe(1006)
  await server.logged(({ msg }) => msg === 'a new gateway serves')
  const after = await Client.connect(server.url())
  const { pid, count: calls } = await count(after)
  expect(calls).toBe(1)
  expect(workers).toContain(pid)
  expect(workersOf(server)).toEqual(workers)
})

test('a gateway that dies again and again comes back each time', async () => {
  const server = await start()
  for (let death = 0; death < 3; death++) {
    process.kill(gatewayOf(server), 'SIGKILL')
    await server.logged(({ msg }) => msg === 'a new gateway serves')
  }
  await count(await Client.connect(server.url()))
  expect(workersOf(server)).toHaveLength(2)
})

test('a supervisor that dies takes all with it within 5 s: the gateway, a looping worker, the private store', async () => {
  const server = await start()
  const all = family(server)
  expect(all.length).toBeGreaterThanOrEqual(4)
  const client = await Client.connect(server.url())
  await count(client)
  client.send({ method: 'fault.crash.loop' })
  await client.next('receiveMessage')
  server.process.kill('SIGKILL')
  expect((await client.closed).code).toBe(1001)
  await ended(all)
  expect(existsSync(join(server.runtime, 'logs'))).toBe(true)
})

test('in base mode a gateway that dies comes back by itself, and ends with its supervisor', async () => {
  const server = await start({ APP_MODE: 'base' })
  const before = await Client.connect(server.url())
  const { pid } = await count(before)
  process.kill(pid, 'SIGKILL')
  await before.closed
  await server.logged(({ msg }) => msg === 'started again')
  const after = await Client.connect(server.url(), phone('2'))
  expect((await count(after)).pid).not.toBe(pid)
  const all = family(server)
  server.process.kill('SIGKILL')
  expect((await after.closed).code).toBe(1001)
  await ended(all)
})
