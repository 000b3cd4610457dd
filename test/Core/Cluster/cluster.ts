import type { Redis } from 'ioredis'
import { expect } from 'vitest'
import { leaseKey } from '../../../Core/Record/Keys'
import { Client, type UserFields } from '../../support/client'
import { eventually } from '../../support/eventually'
import { Monitor } from '../../support/monitor'
import type { RedisServer } from '../../support/redis'
import { Server } from '../../support/server'
import { processes } from '../Faults/support'

/** What stands between the fds of two gateways. */
const FDS_AN_INSTANCE = 2 ** 32

/** How long a lease lasts, in milliseconds. */
export const LEASE_MS = 6000

/** The promise is 15 s, and `measured` says how long it took; a machine that is busy with something else as well may take thrice that. */
export const CLEAN_MS = 45_000

/** A machine of its own: another Runtime, other ports, the same Redis. */
export const startMachine = (redis: RedisServer, env: Readonly<Record<string, string>> = {}): Promise<Server> =>
  Server.start({ fixture: 'cluster', env: { APP_MODE: 'process', REDIS_URL: redis.url, ...env } })

export const instanceOf = (fd: number) => Math.floor(fd / FDS_AN_INSTANCE)

export async function fdOf(client: Client): Promise<number> {
  const { param } = await client.call('cluster.kit.who')
  return Number(param)
}

export interface Place {
  readonly groups?: readonly string[]
  readonly keys?: readonly string[]
  readonly controllers?: readonly string[]
}

export interface Member {
  readonly client: Client
  readonly fd: number
}

/** Connects somebody who stands in these groups and sets, and of whom these controllers are told. */
export async function enter(server: Server, user: UserFields, place: Place = {}): Promise<Member> {
  const client = await Client.connect(server.url(), user)
  const { event, param } = await client.call(
    'cluster.kit.enter',
    { groups: [], keys: [], controllers: [], ...place },
    20_000,
  )
  expect(event).toBe('entered')
  return { client, fd: Number(param) }
}

/** Connects many, some at a time. */
export async function crowd(count: number, connect: (index: number) => Promise<Member>): Promise<Member[]> {
  const members: Member[] = []
  for (let at = 0; at < count; at += 50) {
    const batch = Array.from({ length: Math.min(50, count - at) }, (_, index) => connect(at + index))
    members.push(...(await Promise.all(batch)))
  }
  return members
}

/** Does what the action of this name does. @returns what it answers */
export async function does(client: Client, action: string, data: UserFields): Promise<unknown> {
  const { event, info, param } = await client.call(`cluster.kit.${action}`, data)
  if (event === 'done') return param
  throw new Error(`${action} was answered ${event} ${info}`)
}

/** Every process of a machine, the supervisor first. */
export function pidsOf(server: Server): number[] {
  const all = processes()
  const found = [server.process.pid ?? 0]
  for (const pid of found) for (const one of all) if (one.parent === pid) found.push(one.pid)
  return found
}

export function gatewaysOf(server: Server): number[] {
  const own = new Set(pidsOf(server))
  return processes().flatMap(({ pid, command }) =>
    own.has(pid) && /(Gateway|Base)\/main\.js$/.test(command) ? pid : [],
  )
}

/** The pid of the only gateway. */
export function gatewayOf(server: Server): number {
  const [pid, ...others] = gatewaysOf(server)
  if (pid === undefined || others.length > 0) throw new Error('the machine has not exactly one gateway')
  return pid
}

export function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) process.kill(pid, name)
}

/** Waits until somebody has looked so often whether this instance lives. */
export async function looks({ port }: RedisServer, instance: number, times: number): Promise<void> {
  const monitor = await Monitor.open(port)
  const isLook = ([name = '', key]: readonly string[]) => /^get$/i.test(name) && key === leaseKey(instance)
  await eventually(() => expect(monitor.seen.filter(isLook).length).toBeGreaterThanOrEqual(times))
  monitor.close()
}

/** Every place in Redis that speaks of one of these fds, whatever it is. */
export async function traces(redis: Redis, fds: readonly number[]): Promise<string[]> {
  const wanted = new Set(fds.map(String))
  const found: string[] = []
  for (const key of await allKeys(redis)) {
    const words = [key, ...(await contentOf(redis, key))]
    for (const word of words) for (const number of word.match(/\d+/g) ?? []) if (wanted.has(number)) found.push(key)
  }
  return [...new Set(found)]
}

export async function allKeys(redis: Redis): Promise<string[]> {
  const keys = new Set<string>()
  let cursor = '0'
  do {
    const [next, some] = await redis.scan(cursor, 'COUNT', 1000)
    for (const key of some) keys.add(key)
    cursor = next
  } while (cursor !== '0')
  return [...keys].sort()
}

async function contentOf(redis: Redis, key: string): Promise<string[]> {
  switch (await redis.type(key)) {
    case 'set':
      return redis.smembers(key)
    case 'zset':
      return redis.zrange(key, 0, '-1')
    case 'hash':
      return Object.entries(await redis.hgetall(key)).flatMap(([field, value]) =>
        // What a user says of himself is no place of an fd.
        key === 'WEBSOCKET_FDINFO' ? [field] : [field, value],
      )
    case 'list':
      return redis.lrange(key, 0, -1)
    case 'string':
      return [(await redis.get(key)) ?? '']
    default:
      return []
  }
}

/** Waits until nothing in Redis speaks of these fds. @returns how long that took, in milliseconds */
export async function offRecord(redis: Redis, fds: readonly number[], deadlineMs = CLEAN_MS): Promise<number> {
  const began = performance.now()
  await eventually(async () => expect(await traces(redis, fds)).toEqual([]), deadlineMs)
  return performance.now() - began
}

/** How often a controller was told of each fd, in the logs of these machines. */
export function told(machines: readonly Server[], controller: string): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { log } of machines) {
    for (const { msg, told } of log.all) {
      if (msg === `${controller} was told`) counts.set(Number(told), (counts.get(Number(told)) ?? 0) + 1)
    }
  }
  return counts
}

/** Waits until a controller was told of all these fds. @returns those of which it was told more than once */
export async function allTold(
  machines: readonly Server[],
  controller: string,
  fds: readonly number[],
): Promise<number[]> {
  await eventually(() => {
    const counts = told(machines, controller)
    expect(fds.filter((fd) => !counts.has(fd))).toEqual([])
  })
  return [...told(machines, controller)].flatMap(([fd, times]) => (times > 1 ? fd : []))
}
