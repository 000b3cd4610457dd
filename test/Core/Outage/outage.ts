import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { expect } from 'vitest'
import { FDS_AN_INSTANCE } from '../../../Core/Record/Keys'
import { Client, type Frame, type UserFields } from '../../support/client'
import { eventually } from '../../support/eventually'
import { Server } from '../../support/server'
import { gatewayOf, workersOf } from '../Faults/support'

/** A server of the fixture `outage`; two of them on one Redis stand for two machines. */
export const startMachine = (url: string, env: Readonly<Record<string, string>> = {}): Promise<Server> =>
  Server.start({ fixture: 'outage', env: { REDIS_URL: url, ...env } })

/**
 * What a call may take that cannot have what it needs, in milliseconds. The promise is a second, and `measured` says how long it took;
 * a call that waited for Redis would be answered when an outage is over, which is later.
 */
export const SOON = 6000

/** For times that are the test's matter: how long an outage lasts. */
export const lasts = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** A client of Redis for a test, which goes on through whatever is done to Redis. */
export function storeOf(url: string): Redis {
  const store = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: null })
  store.on('error', () => {}) // Redis is killed
  return store
}

/** Why a call failed. */
export class Failed extends Error {
  constructor(readonly frame: Frame) {
    super(`${frame.status} ${frame.event} ${frame.info}`)
  }
}

/** A client that knows what should stand on record about it. */
export class Member {
  readonly client: Client
  readonly user: UserFields
  readonly fd: number
  readonly groups = new Set<string>()
  readonly closeKeys = new Set<string>()
  watches = false
  /** Frames that it has sent, heartbeats not counted. */
  #sent = 1

  private constructor(client: Client, user: UserFields, fd: number) {
    this.client = client
    this.user = user
    this.fd = fd
  }

  static async connect(server: Server, user: UserFields): Promise<Member> {
    const client = await Client.connect(server.url(), user)
    const { param } = await client.call('outage.room.who')
    return new Member(client, user, Number(param))
  }

  /** @throws Failed when the answer is no success */
  async call(action: string, data: UserFields = {}): Promise<unknown> {
    this.#sent++
    const frame = await this.client.call(`outage.room.${action}`, data)
    if (frame.status !== 200) throw new Failed(frame)
    return frame.param
  }

  /** How a call ends that cannot have what it needs: its event, and after how many milliseconds. */
  async refused(action: string, data: UserFields = {}): Promise<{ event: string; ms: number }> {
    const began = performance.now()
    const event = await this.call(action, data).then(
      () => 'no refusal',
      (error: unknown) => (error instanceof Failed ? error.frame.event : String(error)),
    )
    return { event, ms: performance.now() - began }
  }

  /** Says something to a group that cannot be sent. @returns after how many milliseconds a 503 named the call */
  async unsent(name: string): Promise<number> {
    const began = performance.now()
    const from = this.#sent + 1
    await this.call('say', { name, text: 'lost' })
    await this.client.next(({ status, event, param }) => {
      return status === 503 && event === 'serviceUnavailable' && covers(param, from)
    })
    return performance.now() - began
  }

  async join(name: string): Promise<void> {
    await this.call('join', { name })
    this.groups.add(name)
  }

  async leave(name: string): Promise<void> {
    await this.call('leave', { name })
    this.groups.delete(name)
  }

  async addCloseKey(name: string): Promise<void> {
    await this.call('closeKey', { name })
    this.closeKeys.add(name)
  }

  async watch(): Promise<void> {
    await this.call('watch')
    this.watches = true
  }

  /** What it heard of the texts that begin so. */
  heard(prefix: string): string[] {
    const said = this.client.frames.all.filter(({ event }) => event === 'said')
    return said.map(({ info }) => info).filter((text) => text.startsWith(prefix))
  }
}

/** Whether a 503 names this frame. */
function covers(param: unknown, frame: number): boolean {
  const { from, count }: { from?: unknown; count?: unknown } = Object(param)
  return Number(from) <= frame && frame < Number(from) + Number(count)
}

export const group = (n: number) => `OUTAGE_GROUP_${n % 10}`

/**
 * People on several machines: of two types, everybody in a group of ten, some with a close key and a controller, some users with
 * several connections.
 */
export async function crowd(machines: readonly Server[], count: number): Promise<Member[]> {
  const members: Member[] = []
  for (let n = 0; n < count; n++) {
    const machine = machines[n % machines.length]
    if (machine) members.push(await newcomer(machine, n))
  }
  return members
}

export async function newcomer(machine: Server, n: number): Promise<Member> {
  const type = n % 7 === 0 ? 'wall' : 'wechatUser'
  const member = await Member.connect(machine, { id: `u${n % 3 === 0 ? n % 9 : n}`, type, code: 'A' })
  await member.join(group(Math.floor(n / 2)))
  if (n % 4 === 0) await member.addCloseKey('OUTAGE_BY_HAND')
  if (n % 5 === 0) await member.watch()
  return member
}

type Keys = { [key: string]: unknown }

/** Everything in Redis that is about connections, less what differs from run to run. */
export async function recordIn(store: Redis, prefix = ''): Promise<Keys> {
  const found: Keys = {}
  for (const key of await store.keys(`${prefix}*`)) {
    const name = key.slice(prefix.length)
    if (name.startsWith('OUTAGE_COUNTER') || name === 'WEBSOCKET_INSTANCES') continue
    switch (await store.type(key)) {
      case 'set':
        found[name] = (await store.smembers(key)).sort()
        break
      case 'zset':
        found[name] = (await store.zrange(key, 0, '-1')).sort()
        break
      case 'hash':
        found[name] = await store.hgetall(key)
        break
      case 'string':
        found[name] = (await store.get(key)) === 'dead' ? 'dead' : (await store.pttl(key)) > 0 ? 'held' : 'for ever'
        break
    }
  }
  return found
}

/** What should stand in Redis when these are connected; they are given in the order in which they connected. */
export function recordOf(members: readonly Member[]): Keys {
  const sets = new Map<string, string[]>()
  const add = (key: string, value: string | number) => sets.set(key, [...(sets.get(key) ?? []), `${value}`])
  const info: Keys = {}
  const newest: Keys = {}
  const record: Keys = {}
  for (const { fd, user, groups, closeKeys, watches } of members) {
    const instance = Math.floor(fd / FDS_AN_INSTANCE)
    const ofInstance = `WEBSOCKET_INSTANCE_${instance}_FDS`
    if (!sets.has(ofInstance)) add('WEBSOCKET_INSTANCE_LIST', instance)
    record[`WEBSOCKET_INSTANCE_${instance}_LEASE`] = 'held'
    add(ofInstance, fd)
    add(`WEBSOCKET_USERFDS_${user.type}:${user.id}`, fd)
    info[fd] = JSON.stringify(user)
    if (user.type === 'wechatUser') newest[`${user.id}`] = `${fd}`
    for (const name of groups) add(name, fd)
    for (const name of new Set([...groups, ...closeKeys])) add(`WEBSOCKET_FdCloseSetKey_${fd}`, name)
    if (watches) add(`WEBSOCKET_FdController_${fd}`, 'Outage.Room')
  }
  for (const [key, values] of sets) record[key] = values.sort()
  return { ...record, WEBSOCKET_FDINFO: info, WEBSOCKET_UIDTOFD: newest }
}

/** Waits until Redis says exactly what is. @returns after how many milliseconds it did */
export async function recordIsRight(store: Redis, members: readonly Member[], prefix = '', deadlineMs?: number) {
  const began = performance.now()
  await eventually(async () => expect(await recordIn(store, prefix)).toEqual(recordOf(members)), deadlineMs)
  return Math.round(performance.now() - began)
}

/** Waits until every gateway hears everything that is said to its members, and nothing else. */
export async function channelsAreRight(store: Redis, members: readonly Member[], prefix = '') {
  const wanted = new Map<string, Set<number>>()
  const add = (channel: string, instance: number) =>
    wanted.set(
      `${prefix}WEBSOCKET_BUS_${channel}`,
      (wanted.get(`${prefix}WEBSOCKET_BUS_${channel}`) ?? new Set()).add(instance),
    )
  for (const { fd, groups } of members) {
    const instance = Math.floor(fd / FDS_AN_INSTANCE)
    add('ALL', instance)
    add(`INSTANCE_${instance}`, instance)
    for (const name of groups) add(`GROUP_${name}`, instance)
  }
  const expected = [...wanted].map(([channel, { size }]) => [channel, size]).sort()
  await eventually(async () => {
    const channels = (await store.pubsub('CHANNELS', `${prefix}*`)).map(String)
    const listeners = await store.pubsub('NUMSUB', ...channels)
    const found = channels.map((_, index) => listeners.slice(2 * index, 2 * index + 2)).sort()
    expect(found).toEqual(expected)
  })
}

/**
 * Lets three members of every group, of different machines if there are, say something to it, all at once. Each member of the group
 * hears each of it exactly once, all in one order, and nobody else does.
 */
export async function groupsAreRight(members: readonly Member[]): Promise<void> {
  const mark = randomUUID()
  const names = new Set(members.flatMap(({ groups }) => [...groups]))
  const expected = new Map<Member, number>()
  const calls: Promise<unknown>[] = []
  for (const name of names) {
    const inside = members.filter(({ groups }) => groups.has(name))
    const speakers = [...inside.slice(0, 2), ...inside.slice(-1)]
    for (const [index, speaker] of speakers.entries()) {
      for (let n = 0; n < 3; n++) calls.push(speaker.call('say', { name, text: `${mark} ${name} ${index} ${n}` }))
    }
    for (const member of inside) expected.set(member, (expected.get(member) ?? 0) + 3 * speakers.length)
  }
  await Promise.all(calls)
  await eventually(() => {
    for (const member of members) expect(member.heard(mark).length).toBeGreaterThanOrEqual(expected.get(member) ?? 0)
  })
  // What came twice, or to the wrong one, has come by the time at which everybody has been answered once more.
  await Promise.all(members.map((member) => member.call('plain')))
  for (const name of names) {
    const orders = members.filter(({ groups }) => groups.has(name)).map((member) => member.heard(`${mark} ${name} `))
    for (const order of orders) expect(order).toEqual(orders[0])
    expect(new Set(orders[0]).size).toBe(orders[0]?.length)
  }
  for (const member of members) expect(member.heard(mark)).toHaveLength(expected.get(member) ?? 0)
}

/** Every one of them is connected, and a heartbeat is answered. */
export async function allAreThere(members: readonly Member[]): Promise<void> {
  const before = members.map(({ client }) => client.texts.filter((text) => text === '3').length)
  for (const { client } of members) client.send('2')
  await eventually(() => {
    expect(members.filter(({ client }) => client.socket.readyState !== client.socket.OPEN)).toEqual([])
    const after = members.map(({ client }) => client.texts.filter((text) => text === '3').length)
    expect(after).toEqual(before.map((count) => count + 1))
  }, SOON)
}

/** Memory that the processes of a server hold now, in MiB. */
export function memoryOf(server: Server): { gateway: number; workers: number[] } {
  const of = (pid: number) => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024)
  }
  return { gateway: of(gatewayOf(server)), workers: workersOf(server).map(of) }
}

/** The processes of a server: they are to be the same after an outage as before. */
export const pidsOf = (server: Server) => [gatewayOf(server), ...workersOf(server)]

/** Lines of the log that nobody should ever see: something failed that nobody had thought of. */
export const unexpected = (server: Server) =>
  server.log.all.filter(({ level, msg }) => level === 'fatal' || /failed|nobody handled|taken for dead/.test(msg))
