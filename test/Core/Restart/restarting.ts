import type { Redis } from 'ioredis'
import { expect } from 'vitest'
import type { AppOptions } from '../../../Library/Config/Schema'
import { Client, phone } from '../../support/client'
import { runConsole } from '../../support/program'
import type { Server } from '../../support/server'
import { allKeys, instanceOf } from '../Cluster/cluster'
import { Project } from '../Reload/project'

/** Seconds over which the closes are spread. */
export const DRAIN_S = 3

export const OPTIONS: AppOptions = {
  setting: { reactor_num: 2, worker_num: 2, drain_time: DRAIN_S, max_wait_time: 4 },
}

/** Lets whoever enters join a group, and is told of its close. */
const ROOM = `
  async enter(app, { fd }) {
    await app.fdJoin(fd, 'RESTART_ROOM')
    await app.fdAddController(fd, 'Room.Room')
    app.sendSuccessMessage(fd, 'entered', 'ok', fd)
  }
  async say(app, { text }) { app.to('RESTART_ROOM').send('said', text) }
  onClose(app, { fd, closeCode }) { log.info({ told: fd, closeCode }, 'Room was told') }
  onReload() { log.info('Room reloads') }`

/** Its onClose never ends, so that it is given up after 5 s. */
const SLOW = `
  async enter(app, { fd }) {
    await app.fdAddController(fd, 'Slow.Slow')
    app.sendSuccessMessage(fd, 'entered', 'ok', fd)
  }
  onClose() { return new Promise(() => {}) }`

export function makeProject(options = OPTIONS): Project {
  const project = new Project(options)
  project.controller('Room', { members: ROOM, actions: ['enter', 'say'] })
  project.controller('Slow', { members: SLOW, actions: ['enter'] })
  return project
}

export interface Guest {
  readonly client: Client
  readonly fd: number
}

export async function enter(server: Server, id: string, room: 'room' | 'slow' = 'room'): Promise<Guest> {
  const client = await Client.connect(server.url(), phone(id))
  const { event, info, param } = await client.call(`${room}.${room}.enter`)
  if (event !== 'entered') throw new Error(`${id} could not enter: ${event} ${info}`)
  return { client, fd: Number(param) }
}

export async function enterMany(server: Server, count: number, name: string): Promise<Guest[]> {
  const guests: Guest[] = []
  for (let at = 0; at < count; at += 50) {
    const some = Math.min(50, count - at)
    guests.push(...(await Promise.all(Array.from({ length: some }, (_, i) => enter(server, `${name}${at + i}`)))))
  }
  return guests
}

export const restart = (server: Server, project: Project) =>
  runConsole(['restart'], { cwd: project.folder, env: { APP_RUNTIME: server.runtime } })

export const serves = (server: Server) =>
  server.logged(({ msg }) => msg === 'restart: new processes serve' || msg === 'restarted with new code')

export const complaints = (server: Server) =>
  server.log.all.filter(({ level }) => level === 'error' || level === 'fatal')

/** The gateways on record, and the fds that each of them has there; every other key that begins with an fd is looked at, too. */
export async function expectExact(redis: Redis, fds: readonly number[]): Promise<void> {
  const wanted = [...fds].sort((a, b) => a - b)
  const sorted = (texts: readonly string[]) => texts.map(Number).sort((a, b) => a - b)
  expect(sorted(await redis.hkeys('WEBSOCKET_FDINFO'))).toEqual(wanted)
  const instances = await redis.smembers('WEBSOCKET_INSTANCE_LIST')
  const listed = await Promise.all(instances.map((instance) => redis.smembers(`WEBSOCKET_INSTANCE_${instance}_FDS`)))
  expect(sorted(listed.flat())).toEqual(wanted)
  for (const instance of instances)
    expect(await redis.get(`WEBSOCKET_INSTANCE_${instance}_LEASE`)).not.toMatch(/^dead$/)
  for (const fd of wanted) expect(instances).toContain(String(instanceOf(fd)))
  const own = (await allKeys(redis)).flatMap((key) => /^WEBSOCKET_Fd\w+_(\d+)$/.exec(key)?.[1] ?? [])
  for (const fd of own) expect(wanted).toContain(Number(fd))
}

/** Somebody new, time and again. */
export class Arrivals {
  readonly came: Guest[] = []
  readonly failed: string[] = []
  readonly #under = new Set<Promise<void>>()
  readonly #timer: NodeJS.Timeout

  /** @param rate a second */
  constructor(server: Server, rate: number) {
    let number = 0
    this.#timer = setInterval(() => {
      const arrival = enter(server, `new${++number}`).then(
        (guest) => void this.came.push(guest),
        (error: unknown) => void this.failed.push(String(error)),
      )
      this.#under.add(arrival)
      arrival.then(() => this.#under.delete(arrival))
    }, 1000 / rate)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#under)
  }
}
