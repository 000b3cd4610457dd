import { afterEach, expect, test } from 'vitest'
import { Client, phone, wall } from '../../support/client'
import { Server } from '../../support/server'
import { count } from './support'

let server: Server | undefined
afterEach(() => server?.stop())

async function start(mode: number): Promise<Server> {
  server = await Server.start({ fixture: 'faults', env: { APP_MODE: 'process', TEST_DISPATCH: String(mode) } })
  return server
}

/** Connects, calls, and tells which worker answered. */
async function servedBy(server: Server, user = phone()): Promise<number> {
  return (await count(await Client.connect(server.url(), user))).pid
}

test('dispatch_mode 2 gives neighbouring connections to different workers, and each to one for all its calls', async () => {
  const server = await start(2)
  const clients = await Promise.all(Array.from({ length: 10 }, () => Client.connect(server.url())))
  const pids = await Promise.all(clients.map((client) => count(client).then(({ pid }) => pid)))
  const [one] = pids
  expect(new Set(pids).size).toBe(2)
  expect(pids.filter((pid) => pid === one)).toHaveLength(5)
  for (let round = 0; round < 5; round++) {
    expect(await Promise.all(clients.map((client) => count(client).then(({ pid }) => pid)))).toEqual(pids)
  }
})

test('dispatch_mode 4 gives all connections of one address to one worker', async () => {
  const server = await start(4)
  const pids = await Promise.all(Array.from({ length: 10 }, (_, index) => servedBy(server, phone(`${index}`))))
  expect(new Set(pids).size).toBe(1)
})

test('dispatch_mode 5 gives all connections of one user to one worker, and users to different ones', async () => {
  const server = await start(5)
  const byUser = await Promise.all(
    Array.from({ length: 10 }, async (_, index) => {
      const pids = await Promise.all(Array.from({ length: 3 }, () => servedBy(server, phone(`${index}`))))
      expect(new Set(pids).size).toBe(1)
      return pids[0]
    }),
  )
  expect(new Set(byUser).size).toBe(2)
})

test('dispatch_mode 5 keeps a user on the same slot when its worker is replaced, and the other user on its own', async () => {
  const server = await start(5)
  const ids = Array.from({ length: 10 }, (_, index) => `${index}`)
  const before = await Promise.all(ids.map((id) => servedBy(server, wall(id))))
  const [killed = 0] = before
  process.kill(killed, 'SIGKILL')
  const { pid } = await server.logged(({ msg }) => msg === 'a new worker serves')
  const after = await Promise.all(ids.map((id) => servedBy(server, wall(id))))
  expect(after).toEqual(before.map((each) => (each === killed ? pid : each)))
})
