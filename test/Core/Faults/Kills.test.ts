import type { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { type Answer, Load } from '../../support/load'
import { HEARTBEAT_MS, Pulse } from '../../support/pulse'
import { Server } from '../../support/server'
import { expectNothingLost, measured, readCounted, workersOf } from './support'

const CLIENTS = 200
const KILLS = 20
const EVERY_MS = 500

/** Half of the kills are made good within this. The promise is 2 s, and `measured` says how long it took; a slow machine may take more. */
const BACK_MS = 8000

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

/** Waits until the hook of each of these has run: once, or twice where its worker died of it. */
async function expectTold(redis: Redis, watchers: readonly Watcher[]): Promise<void> {
  await eventually(async () => {
    const told = await Promise.all(watchers.map(({ fd }) => redis.hget('CLOSED', String(fd))))
    expect(told.filter((times) => times !== '1' && times !== '2')).toEqual([])
  })
}

/**
 * Kills the worker that has served longest, one each `EVERY_MS`, and lets four connections close into each gap. A close that ended two
 * workers is given up, so none may meet two kills.
 * @returns how long each took to be replaced, in milliseconds
 */
async function killWorkers(redis: Redis, watchers: readonly Watcher[]): Promise<number[]> {
  const serving = workersOf(server)
  const next: Promise<number>[] = []
  const gaps: Promise<number>[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS)) // the beat of the kills
    const pid = serving.shift() ?? (await next.shift())
    if (pid === undefined) throw new Error('no worker is left to be killed')
    await expectTold(redis, watchers.slice(0, Math.max(0, kill - 1) * 4))
    const killed = performance.now()
    process.kill(pid, 'SIGKILL')
    const serves = server.logged(({ msg }) => msg === 'a new worker serves')
    next.push(serves.then(({ pid }) => Number(pid)))
    gaps.push(serves.then(() => performance.now() - killed))
    await Promise.all(watchers.slice(kill * 4, kill * 4 + 4).map(({ client }) => client.close()))
  }
  return Promise.all(gaps)
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
  const redis = server.store()
  const gaps = await killWorkers(redis, watchers)
  const account = await load.pause()
  measured('20 kills, 200 clients', {
    ...account,
    worstHeartbeat: pulse.worst,
    longestReplacement: Math.round(Math.max(...gaps)),
  })

  expectNothingLost(account)
  expect(account.named).toBeGreaterThan(0) // the kills met calls
  expect(account.statuses).toEqual({ 200: account.answered })
  expect(pulse.worst).toBeLessThan(HEARTBEAT_MS)
  expect(backwards).toBe(0) // every session was there for the next call
  const sessions = counts.reduce((sum, count) => sum + count, 0)
  expect(sessions).toBeGreaterThanOrEqual(account.answered)
  expect(sessions).toBeLessThanOrEqual(account.sent)

  await expectTold(redis, watchers)
  expect(gaps.filter((gap) => gap < BACK_MS).length).toBeGreaterThanOrEqual(KILLS / 2)
  redis.disconnect()
  await pulse.stop()
  await load.close()
}, 300_000)
