import { join } from 'node:path'
import { authString, phone } from '../../support/client'
import { startRedis } from '../../support/redis'
import { Server } from '../../support/server'
import { processesOf } from '../cpu'
import { SERVER_CORE } from '../options'
import { peer } from '../peers'
import { pin, startProgram } from '../subjects'
import type { ClientOptions } from './client'
import { FLOOR, FRAMEWORK, JOINED, SOCKET_IO } from './message'

/** A server, of one or several processes, whose fan-out is measured. */
export interface FanSubject {
  readonly name: string
  /** @param index 0, 1, 2 ... */
  member(index: number): ClientOptions
  readonly sender: ClientOptions
  readonly command: string
  readonly message: string
  /** The processes whose CPU time counts. */
  readonly pids: number[]
  /** Its redis-server. */
  readonly store: number[]
  /** What is to be known of its members, from what they were welcomed with. */
  spread(welcomes: readonly string[]): string
  stop(): Promise<void>
}

/** A server that cannot be measured here; the others can. */
export class Unavailable extends Error {}

export async function startFloor(): Promise<FanSubject> {
  const { port, pids, stop } = await startProgram(SERVER_CORE, join(__dirname, 'floor.js'))
  return {
    name: 'floor',
    ...FLOOR,
    member: () => ({ port, path: '/member', welcome: JOINED }),
    sender: { port, path: '/sender' },
    pids,
    store: [],
    spread: () => '',
    stop,
  }
}

export interface FrameworkOptions {
  readonly mode: 'base' | 'process'
  readonly store: 'embedded' | 'redis'
  readonly gateways: number
}

/**
 * The framework as `console start` runs it, with auth and filter as they are by default, as many workers as gateways and a Redis of
 * its own: two servers on one Redis would be one.
 * @throws Unavailable when it has not as many gateways as were asked for
 */
export async function startFramework({ mode, store, gateways }: FrameworkOptions): Promise<FanSubject> {
  const redis = store === 'redis' ? await startRedis() : undefined
  const count = String(gateways)
  const env = { APP_MODE: mode, APP_GATEWAYS: count, APP_WORKERS: count, ...(redis && { REDIS_URL: redis.url }) }
  const server = await Server.start({ fixture: 'fanout', env })
  const stop = async () => {
    await server.stop()
    await redis?.stop()
  }
  const supervisor = server.process.pid ?? 0
  const running = processesOf(supervisor, /Core\/(Base|Gateway)\/main\.js/).length
  if (running !== gateways) {
    await stop()
    throw new Unavailable(`${mode} mode with APP_GATEWAYS=${gateways} has started ${running}`)
  }
  const pids = processesOf(supervisor, /Public\/console\.js|Core\/(Base|Gateway|Worker)\/main\.js/)
  const storePids = redis ? [redis.pid] : processesOf(supervisor, /redis-server|valkey-server/)
  pin(SERVER_CORE, [...pids, ...storePids])
  const port = server.port()
  const path = (id: number) => `/?auth=${authString(phone(String(id)))}`
  return {
    name: mode,
    ...FRAMEWORK,
    member: (index) => ({ port, path: path(index + 1), hello: '{"method":"room.room.join"}', welcome: JOINED }),
    sender: { port, path: path(0) },
    pids,
    store: storePids,
    spread: (welcomes) => (gateways === 1 ? '' : countByGateway(welcomes)),
    stop,
  }
}

/** Who holds a port together with others gets what the kernel gives him, so it is said. */
function countByGateway(welcomes: readonly string[]): string {
  const counts = new Map<number, number>()
  for (const welcome of welcomes) {
    const instance = Math.floor(Number(JSON.parse(welcome).param) / 2 ** 32)
    counts.set(instance, (counts.get(instance) ?? 0) + 1)
  }
  if (counts.size === 1) throw new Error('all members are on one gateway')
  return [...counts.values()].join(' + ')
}

/** Processes of Socket.IO on one Redis, the members dealt out to them. @throws Unavailable when it cannot be installed */
export async function startSocketIo(processes: number): Promise<FanSubject> {
  const program = peerProgram()
  const redis = await startRedis()
  pin(SERVER_CORE, [redis.pid])
  const running = await Promise.all(
    Array.from({ length: processes }, () => startProgram(SERVER_CORE, program, redis.url)),
  )
  const port = (index: number) => running[index % processes]?.port ?? 0
  const path = '/socket.io/?EIO=4&transport=websocket'
  return {
    name: 'Socket.IO',
    ...SOCKET_IO,
    member: (index) => ({ port: port(index), path: `${path}&member=1`, hello: '40', welcome: '42["joined"]' }),
    sender: { port: port(0), path, hello: '40', welcome: '40{' },
    pids: running.flatMap(({ pids }) => pids),
    store: [redis.pid],
    spread: () => '',
    stop: async () => {
      for (const each of running) await each.stop()
      await redis.stop()
    },
  }
}

function peerProgram(): string {
  try {
    return peer('socketio.mjs')
  } catch (error) {
    throw new Unavailable(`Socket.IO could not be installed: ${error instanceof Error ? error.message : error}`)
  }
}
