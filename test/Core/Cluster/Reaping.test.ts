import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { type RedisServer, startRedis } from '../../support/redis'
import type { Server } from '../../support/server'
import { measured } from '../Faults/support'
import {
  allTold,
  CLEAN_MS,
  crowd,
  enter,
  fdOf,
  gatewayOf,
  type Member,
  offRecord,
  pidsOf,
  signal,
  startMachine,
  told,
  traces,
} from './cluster'

const CROWD = 500
const GROUPS = 10
const LIVING = 20

let server: RedisServer
let redis: Redis
let machines: Server[]
beforeEach(async () => {
  server = await startRedis()
  redis = new Redis(server.url)
  machines = []
})
afterEach(async () => {
  await Promise.all(machines.map((machine) => machine.stop()))
  redis.disconnect()
  await server.stop()
})

async function start(): Promise<Server> {
  const machine = await startMachine(server)
  machines.push(machine)
  return machine
}

const fdsOf = (members: readonly Member[]) => members.map(({ fd }) => fd)

/** A crowd on one machine, a few in the same places on another one. */
async function inhabit(doomed: Server, safe: Server) {
  const place = (index: number) => ({
    groups: ['EVERYBODY', `GROUP_${index % GROUPS}`],
    keys: ['HAND_SET'],
    controllers: ['Cluster.Witness'],
  })
  const dying = await crowd(CROWD, (index) => enter(doomed, phone(`dying${index}`), place(index)))
  const living = await crowd(LIVING, (index) => enter(safe, phone(`living${index}`), place(index)))
  return { dying, living }
}

/** Members of a group go on talking to each other while something happens, and none misses a word. */
async function talkDuring<T>(living: readonly Member[], happens: Promise<T>): Promise<T> {
  let over = false
  const ended = happens.finally(() => {
    over = true
  })
  ended.catch(() => {})
  const [speaker] = living
  let words = 0
  while (!over) {
    words++
    speaker?.client.send({ method: 'cluster.kit.say', target: 'EVERYBODY', text: `${words}` })
    const heard = living.map(({ client }) => client.next(({ event, info }) => event === 'said' && info === `${words}`))
    await Promise.all(heard)
  }
  expect(words).toBeGreaterThan(1)
  return await ended
}

describe.each([
  ['a gateway', (machine: Server) => signal([gatewayOf(machine)], 'SIGKILL')],
  ['a whole machine', (machine: Server) => signal(pidsOf(machine), 'SIGKILL')],
])('%s is killed', (what, kill) => {
  test(`each of its ${CROWD} connections is told of once and leaves the record, the other machine notices nothing`, async () => {
    const [doomed, safe] = [await start(), await start()]
    const { dying, living } = await inhabit(doomed, safe)
    const fds = fdsOf(dying)
    expect(new Set(fds).size).toBe(CROWD)
    expect(await redis.scard('EVERYBODY')).toBe(CROWD + LIVING)
    expect(await redis.scard('HAND_SET')).toBe(CROWD + LIVING)

    const began = performance.now()
    kill(doomed)
    await talkDuring(living, offRecord(redis, fds))
    const cleanMs = performance.now() - began
    const twice = await allTold(machines, 'Witness', fds)
    measured(`${what} is killed`, {
      cleanMs: Math.round(cleanMs),
      told: told(machines, 'Witness').size,
      twice: twice.length,
    })

    expect(cleanMs).toBeLessThan(CLEAN_MS)
    expect(twice).toEqual([])
    expect([...told(machines, 'Witness').keys()].sort()).toEqual(fds.sort()) // nobody else, either
    const left = fdsOf(living).map(String).sort()
    for (const key of ['EVERYBODY', 'HAND_SET']) expect((await redis.smembers(key)).sort()).toEqual(left)
    expect((await redis.hkeys('WEBSOCKET_FDINFO')).sort()).toEqual(left)
    expect((await redis.hvals('WEBSOCKET_UIDTOFD')).sort()).toEqual(left)
    for (const { client } of living) expect(client.socket.readyState).toBe(client.socket.OPEN)
  }, 300_000)
})

describe('the gateway that takes a dead one off the record is killed in the middle', () => {
  const DYING = 150

  /** Half of them are told of at once, the others when the gate is opened. */
  async function killedMachine(): Promise<number[]> {
    const doomed = await start()
    const controllers = (index: number) => (index % 2 === 0 ? ['Cluster.Witness'] : ['Cluster.Slow', 'Cluster.Witness'])
    const place = (index: number) => ({ groups: ['ROOM'], controllers: controllers(index) })
    const dying = await crowd(DYING, (index) => enter(doomed, phone(`dying${index}`), place(index)))
    signal(pidsOf(doomed), 'SIGKILL')
    return fdsOf(dying)
  }

  /** @returns the machine whose worker runs hooks now */
  function reaping(): Promise<Server> {
    return Promise.any(
      machines.map(async (machine) => {
        await machine.logged(({ msg }) => msg === 'Slow was told', 30_000)
        return machine
      }),
    )
  }

  async function expectAllTold(fds: readonly number[], what: string, began: number): Promise<void> {
    await offRecord(redis, fds, CLEAN_MS * 2)
    const twice = new Set([
      ...(await allTold(machines, 'Witness', fds)),
      ...(await allTold(machines, 'Slow', slow(fds))),
    ])
    const figures = { cleanMs: Math.round(performance.now() - began), twice: twice.size }
    measured(`${what} in the middle of reaping`, figures)
    for (const controller of ['Witness', 'Slow']) {
      for (const [fd, times] of told(machines, controller))
        expect(times, `${controller} of ${fd}`).toBeLessThanOrEqual(2)
    }
  }

  const slow = (fds: readonly number[]) => fds.filter((_, index) => index % 2 === 1)

  test('a third machine goes on: nobody is forgotten', async () => {
    await start()
    await start()
    const fds = await killedMachine()
    const began = performance.now()
    const reaper = await reaping()
    expect((await traces(redis, fds)).length).toBeGreaterThan(0)
    signal(pidsOf(reaper), 'SIGKILL')
    await redis.set('CLUSTER_GATE', 'open')
    await expectAllTold(fds, 'a machine killed', began)
    expect([...told(machines, 'Slow').values()]).toContain(2) // it was in the middle
  }, 300_000)

  test('its own replacement goes on: nobody is forgotten', async () => {
    const only = await start()
    const fds = await killedMachine()
    const began = performance.now()
    expect(await reaping()).toBe(only)
    signal([gatewayOf(only)], 'SIGKILL')
    await redis.set('CLUSTER_GATE', 'open')
    await expectAllTold(fds, 'a gateway killed', began)
  }, 300_000)
})

test('a controller that the code does not have is skipped, and the rest goes on', async () => {
  const [doomed, safe] = [await start(), await start()]
  const place = { groups: ['ROOM'], controllers: ['Cluster.Witness'] }
  const { fd } = await enter(doomed, phone('dying'), place)
  // As the code of another machine would have done.
  await redis.sadd(`WEBSOCKET_FdController_${fd}`, 'Nobody.Here', 'no name at all')
  signal(pidsOf(doomed), 'SIGKILL')
  await safe.logged(({ msg, fd: whose, controller }) => {
    return msg.startsWith('a hook was skipped') && whose === fd && controller === 'Nobody.Here'
  }, CLEAN_MS)
  await offRecord(redis, [fd])
  expect(await allTold(machines, 'Witness', [fd])).toEqual([])
}, 300_000)

test('a user whose newest connection was on a machine that died is found by the one before it', async () => {
  const [doomed, safe] = [await start(), await start()]
  const older = await enter(safe, phone('both'))
  const newer = await enter(doomed, phone('both'))
  const newest = await enter(doomed, phone('both'))
  expect(await redis.hget('WEBSOCKET_UIDTOFD', 'both')).toBe(`${newest.fd}`)
  signal(pidsOf(doomed), 'SIGKILL')
  await offRecord(redis, [newer.fd, newest.fd])
  expect(await redis.hget('WEBSOCKET_UIDTOFD', 'both')).toBe(`${older.fd}`)
  expect(await redis.zrange('WEBSOCKET_USERFDS_wechatUser:both', 0, '-1')).toEqual([`${older.fd}`])
  await older.client.close()
  await eventually(async () => expect(await redis.exists('WEBSOCKET_UIDTOFD')).toBe(0))
}, 300_000)

test('the fds of the dead mean nobody who comes later', async () => {
  const [doomed, safe] = [await start(), await start()]
  const dead = await enter(doomed, phone('dead'))
  await redis.sadd('LEFT_BEHIND', dead.fd) // a set without a close key: nobody knows that it is in there
  signal(pidsOf(doomed), 'SIGKILL')
  await eventually(async () => expect(await redis.scard('WEBSOCKET_INSTANCE_LIST')).toBe(1), CLEAN_MS)
  const machine = await start()
  const [here, there] = [
    await Client.connect(safe.url(), phone('here')),
    await Client.connect(machine.url(), phone('there')),
  ]
  const fds = [await fdOf(here), await fdOf(there)]
  expect(fds).not.toContain(dead.fd)
  await redis.sadd('LEFT_BEHIND', ...fds)
  here.send({ method: 'cluster.kit.say', target: 'LEFT_BEHIND', text: 'who is there' })
  await Promise.all([here.next('said'), there.next('said')])
  await eventually(async () => expect((await redis.smembers('LEFT_BEHIND')).map(Number).sort()).toEqual(fds.sort()))
}, 300_000)
