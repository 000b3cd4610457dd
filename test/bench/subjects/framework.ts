import { join } from 'node:path'
import { authString, phone } from '../../support/client'
import { startRedis } from '../../support/redis'
import { Server } from '../../support/server'
import { processesOf } from '../cpu'
import type { ClientOptions } from '../load/client'
import { SERVER_CORE } from '../options'
import { NODE_OPTIONS, pin, type Subject } from './program'

export type Mode = 'base' | 'process'

export interface FrameworkOptions {
  /** Default: the mode. */
  readonly name?: string
  readonly mode: Mode
  /** Default 1 and 1. */
  readonly gateways?: number
  readonly workers?: number
  /** Default: the embedded store, which is a redis-server of the server's own where PATH has one. */
  readonly redis?: boolean
  readonly acknowledges?: boolean
  readonly env?: Readonly<Record<string, string>>
  /** May use all cores. */
  readonly free?: boolean
}

export interface Framework extends Subject {
  readonly gateways: readonly number[]
  readonly workers: readonly number[]
  /** Of its Redis, or where its embedded store listens. */
  readonly redis: string
  /** Its folder of what is written at run time. */
  readonly runtime: string
  /** Seconds from the command until it listened. */
  readonly startedIn: number
}

/**
 * The framework as `console start` runs it, with auth and filter as they are by default, no rate limit, and the controllers of
 * test/fixtures/bench. All of its processes count, but a redis-server, which is counted apart.
 * @throws Error when it has not as many gateways as were asked for
 */
export async function startFramework(options: FrameworkOptions): Promise<Framework> {
  const { mode, name = mode, gateways: count = 1, workers = 1, acknowledges = false, free = false } = options
  const redis = options.redis ? await startRedis() : undefined
  const env = {
    APP_MODE: mode,
    APP_GATEWAYS: String(count),
    APP_WORKERS: String(workers),
    BENCH_ACK: acknowledges ? '1' : '0',
    NODE_OPTIONS,
    ...(redis && { REDIS_URL: redis.url }),
    ...options.env,
  }
  const began = performance.now()
  const server = await Server.start({ fixture: 'bench', env })
  const startedIn = (performance.now() - began) / 1000
  const supervisor = server.process.pid ?? 0
  const running = {
    gateways: processesOf(supervisor, /Core\/(Base|Gateway)\/main\.js/),
    workers: processesOf(supervisor, /Core\/Worker\/main\.js/),
  }
  const pids = [supervisor, ...running.gateways, ...running.workers]
  const store = redis ? [redis.pid] : processesOf(supervisor, /redis-server|valkey-server/)
  const stop = async () => {
    await server.stop()
    await redis?.stop()
  }
  if (running.gateways.length !== count) {
    await stop()
    throw new Error(`${mode} mode with ${count} gateways has started ${running.gateways.length}`)
  }
  if (!free) pin(SERVER_CORE, [...pids, ...store])
  const { runtime } = server
  const url = redis?.url ?? join(runtime, 'store.sock')
  return { name, redis: url, port: server.port(), server: pids, store, ...running, runtime, startedIn, stop }
}

/** CPU time or memory of some of a subject's processes. @param values in the order of its pids */
export const partOf = ({ server }: Subject, pids: readonly number[], values: readonly number[]): number =>
  pids.reduce((sum, pid) => sum + (values[server.indexOf(pid)] ?? 0), 0)

/** Clients of the framework; a floor takes them as well. */
export const users = ({ port }: Subject, count: number, first = 1): ClientOptions[] =>
  Array.from({ length: count }, (_, index) => ({
    port,
    path: `/?auth=${authString(phone(String(first + index)))}`,
  }))
