import { afterAll, beforeAll, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { type Answer, Load } from '../../support/load'
import { Pulse } from '../../support/pulse'
import { Server } from '../../support/server'
import { expectNothingLost, measured, readCounted, workersOf } from './support'

const CLIENTS = 200
const KILLS = 20
const EVERY_MS = 500
const BACK_MS = 2000

interface Watcher {
  readonly client: Client
  readonly fd: number
}

let server: Server
beforeAll(async () => {
  server = await Server.start({ fixture: 'faults', env: { APP_MODE: 'process' } })
})
afterAll(() => server.stop())

/** A connection that wants to be told of its close. */
async function connectWatcher(index: number): Promise<Watcher> {
  const client = await Client.connect(server.url(), phone(`watcher${index}`))
  const { param } = await client.call('fault.work.watch')
  return { client, fd: Number(param) }
}

/** Kills the worker that has served longest, one each `EVERY_MS`, and lets four connections close into each gap. */
async function killWorkers(watchers: readonly Watcher[]): Promise<void> {
  const serving = workersOf(server)
  for (let kill = 0; kill < KILLS; kill++) {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS)) // the beat of the kills
    const pid = serving.shift() ?? (await server.logged(({ msg }) => msg === 'a new worker serves')).pid
    process.kill(Number(pid), 'SIGKILL')
    await Promise.all(watchers.slice(kill * 4, kill * 4 + 4).map(({ client }) => client.close()))
  }
}

test('workers are killed every half second: nobody falls, each call is answered or named, in order, and sessions stay', async () => {
  const counts = Array.from({ length: CLIENTS }, () => 0)
  let backwards = 0
  const onAnswer = ({ client, frame }: Answer) => {
    const { count } = readCounted(frame.param)
    if (count <= (counts[client] ?? 0)) backwards++
    counts[client] = count
  }
  const load = await Load.connect({
    url: server.url(),
    clients: CLIENTS,
    inFlight: 2,
    method: 'fault.work.count',
    data: (_, call) => ({ ms: call % 50 }),
    onAnswer,
  })
  const pulse = await Pulse.start(server.url())
  const watchers = await Promise.all(Array.from({ length: KILLS * 4 }, (_, index) => connectWatcher(index)))
  load.run()
  await killWorkers(watchers)
  const account = await load.pause()
  measured('20 kills, 200 clients', { ...account, worstHeartbeat: pulse.worst })

  expectNothingLost(account)
  expect(account.named).toBeGreaterThan(0) // the kills met calls
  expect(account.statuses).toEqual({ 200: account.answered })
  expect(account.longestGap).toBeLessThan(BACK_MS)
  expect(pulse.worst).toBeLessThan(1000)
  expect(backwards).toBe(0) // every session was there for the next call
  const sessions = counts.reduce((sum, count) => sum + count, 0)
  expect(sessions).toBeGreaterThanOrEqual(account.answered)
  expect(sessions).toBeLessThanOrEqual(account.sent)

  const redis = server.store()
  await eventually(async () => {
    const told = await redis.hmget('CLOSED', ...watchers.map(({ fd }) => String(fd)))
    expect(told.filter((times) => times !== '1' && times !== '2')).toEqual([])
  }, 10_000)
  redis.disconnect()
  await pulse.stop()
  await load.close()
}, 60_000)
