import type { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { closeKeysKey, controllersKey, FDINFO, instanceFdsKey, instanceOf } from '../../../Core/Record/Keys'
import { Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { Load } from '../../support/load'
import { Server } from '../../support/server'
import { count, expectNothingLost, measured } from './support'

const CLOSES = 50
/** The promise is 15 s, and `measured` says how long it took; a slow machine may take thrice that. */
const CLEAN_MS = 45_000

/** A server of the test's own, and a client of its store. */
async function withServer(check: (server: Server, redis: Redis) => Promise<void>): Promise<void> {
  const server = await Server.start({
    fixture: 'faults',
    env: { APP_MODE: 'process', TEST_STALL: '1', TEST_TIMEOUT: '30' },
  })
  const redis = server.store()
  try {
    await check(server, redis)
  } finally {
    redis.disconnect()
    await server.stop()
  }
}

interface Last {
  readonly client: Client
  readonly fd: number
}

/** Connects, joins a group, and asks for an `onClose` that behaves so. */
async function connectLast(server: Server, index: number, how: string, group: string): Promise<Last> {
  const client = await Client.connect(server.url(), phone(`${how}${index}`))
  const { status, param } = await client.call('fault.last.ask', { how, group })
  expect(status).toBe(200)
  return { client, fd: Number(param) }
}

/** Nothing in Redis speaks of these connections. */
async function expectClean(redis: Redis, fds: readonly number[], group: string): Promise<void> {
  const left = await redis.hmget(FDINFO, ...fds.map(String))
  expect(left.filter((auth) => auth !== null)).toEqual([])
  expect(await redis.exists(...fds.flatMap((fd) => [closeKeysKey(fd), controllersKey(fd)]))).toBe(0)
  expect(await redis.smembers(group)).toEqual([])
  for (const fd of fds) expect(await redis.sismember(instanceFdsKey(instanceOf(fd)), fd)).toBe(0)
}

/** @returns for each connection how many workers began its `onClose` */
async function tries(redis: Redis, fds: readonly number[]): Promise<number[]> {
  return Promise.all(fds.map(async (fd) => new Set(await redis.lrange(`TRIES_${fd}`, 0, '-1')).size))
}

/** Closes connections whose `onClose` does harm. @returns how long it took until their records were clean, in milliseconds */
async function closeAll(server: Server, redis: Redis, how: string, wave: number, size: number): Promise<number> {
  const group = `LAST_${how}_${wave}`
  const lasts = await Promise.all(Array.from({ length: size }, (_, index) => connectLast(server, index, how, group)))
  const fds = lasts.map(({ fd }) => fd)
  const began = performance.now()
  await Promise.all(lasts.map(({ client }) => client.close()))
  await eventually(() => expectClean(redis, fds, group), CLEAN_MS)
  const took = performance.now() - began
  const begun = await tries(redis, fds)
  expect(Math.max(...begun)).toBeLessThanOrEqual(2)
  expect(Math.min(...begun)).toBeGreaterThanOrEqual(how === 'hang' ? 1 : 0)
  await count(await Client.connect(server.url()))
  return took
}

test.concurrent.each([
  ['kills its worker', 'kill', 2],
  ['loops for ever', 'loop', 1],
  ['never ends', 'hang', 1],
])(
  'an onClose that %s, on every one of 50 closes: two workers each at most, clean records, service goes on',
  (_, how, waves) =>
    withServer(async (server, redis) => {
      const load = await Load.connect({
        url: server.url(),
        clients: 20,
        inFlight: 2,
        method: 'fault.work.count',
        data: () => ({ ms: 10 }),
      })
      load.run()
      let slowest = 0
      for (let wave = 0; wave < waves; wave++) {
        slowest = Math.max(slowest, await closeAll(server, redis, how, wave, CLOSES / waves))
      }
      const account = await load.pause()
      measured(`an onClose that would ${how}`, { ...account, cleanAfterMs: Math.round(slowest) })
      expectNothingLost(account)
      expect(account.answered).toBeGreaterThan(0)
      await load.close()
    }),
  300_000,
)

test(
  'an onClose that kills its worker at once does not take along the hooks of those that close with it',
  () =>
    withServer(async (server, redis) => {
      const group = 'INNOCENT'
      const join = async (id: string) => {
        const client = await Client.connect(server.url(), phone(id))
        const { pid, fd } = await count(client)
        return { client, pid, fd }
      }
      const guilty = await join('killer at once')
      const others = await Promise.all(Array.from({ length: 20 }, (_, index) => join(`innocent${index}`)))
      const innocent = others.filter(({ pid }) => pid === guilty.pid)
      await guilty.client.call('fault.last.ask', { how: 'kill', group })
      for (const { client } of innocent) {
        await client.call('fault.work.watch')
        await client.call('fault.flood.join', { group })
      }
      const observer = await Client.connect(server.url(), phone('observer'))
      // In one turn, in the order of their fds: the guilty one is the first.
      await observer.call('fault.work.kick', { group })
      const fds = [guilty, ...innocent].map(({ fd }) => fd)
      await eventually(() => expectClean(redis, fds, group), CLEAN_MS)
      const told = await redis.hmget('CLOSED', ...innocent.map(({ fd }) => String(fd)))
      expect(told.filter((times) => times !== '1' && times !== '2')).toEqual([])
      await server.logged(
        ({ msg, fd }) => msg === 'onClose hooks ended 2 workers and were given up' && fd === guilty.fd,
      )
    }),
  300_000,
)

test(
  'a message that kills its worker, ten times in a row: each gets its 503, the next call is answered',
  () =>
    withServer(async (server) => {
      const client = await Client.connect(server.url(), phone('killer'))
      for (let round = 1; round <= 10; round++) {
        const before = await count(client)
        expect(before.count).toBe(round)
        client.send({ method: 'fault.crash.die' })
        const { param } = await client.next('serviceUnavailable')
        expect(param).toEqual({ from: round * 2, count: 1 })
      }
      await client.close()
    }),
  300_000,
)
