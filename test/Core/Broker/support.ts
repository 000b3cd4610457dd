import { Redis } from 'ioredis'
import { Client, phone, type UserFields } from '../../support/client'
import { type RedisServer, startRedis } from '../../support/redis'
import { Server } from '../../support/server'

/** Servers with folders and ports of their own on one Redis: what they know of each other, they know from there. */
export class Cluster {
  readonly redis: RedisServer
  readonly store: Redis
  readonly machines: readonly Server[]

  private constructor(redis: RedisServer, machines: readonly Server[]) {
    this.redis = redis
    this.machines = machines
    this.store = new Redis(redis.url)
  }

  /** @param env of every machine */
  static async start(machines: number, env: Readonly<Record<string, string>> = {}): Promise<Cluster> {
    const redis = await startRedis()
    const start = () => Server.start({ fixture: 'broker', env: { REDIS_URL: redis.url, ...env } })
    return new Cluster(redis, await Promise.all(Array.from({ length: machines }, start)))
  }

  /** The url of a port of the machine, which may be any number: they take turns. */
  url(machine: number, port = 'main'): string {
    const server = this.machines[machine % this.machines.length]
    if (server === undefined) throw new Error(`there is no machine ${machine}`)
    return server.url(port)
  }

  connect(machine: number, user: UserFields = phone(`${Math.random()}`), port?: string): Promise<Client> {
    return Client.connect(this.url(machine, port), user)
  }

  /** How often Redis has carried out a command so far. */
  async calls(command: string): Promise<number> {
    const stats = await this.store.info('commandstats')
    return Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0)
  }

  /** The groups whose messages somebody listens to. */
  async channels(): Promise<string[]> {
    const channels = await this.store.call('PUBSUB', 'CHANNELS', 'WEBSOCKET_BUS_GROUP_*')
    return Array.isArray(channels) ? channels.map(String).sort() : []
  }

  async stop(): Promise<void> {
    await Promise.all(this.machines.map((machine) => machine.stop()))
    this.store.disconnect()
    await this.redis.stop()
  }
}

/** Lets the server do one thing that an `App` can do. @returns its result @throws Error when it fails */
export async function does(client: Client, verb: string, ...args: (string | number)[]): Promise<unknown> {
  const { event, status, info, param } = await client.call('bus.kit.do', { verb, args })
  if (event === 'done') return param
  throw new Error(`${verb} was answered ${status} ${event} ${info}`)
}

/** The fd of a client. */
export async function fdOf(client: Client): Promise<number> {
  const { param } = await client.call('bus.kit.who')
  return Number(param)
}

/** What a client was sent by `sent`, in order. */
export const sentTo = (client: Client): string[] =>
  client.frames.all.flatMap(({ event, info }) => (event === 'sent' ? info : []))

/** Prints what a test measured, so that a run says how far from its bounds the machine is. */
export function measured(what: string, figures: object): void {
  process.stderr.write(`measured: ${what}: ${JSON.stringify(figures)}\n`)
}
