import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { startRedis } from '../../support/redis'
import type { ClientOptions } from '../load/client'
import type { Message } from '../load/frames'
import { SERVER_CORE } from '../options'
import type { FanSubject } from './fanout'
import { type Program, pin, type Subject, startProgram } from './program'

/** What the benchmark compares with has dependencies of its own, which the project never installs. */
const FOLDER = resolve('test/bench/peers')

/** Installs them, if they are not there as the lock wants them. @throws Error that says why they could not be */
export function installPeers(): void {
  const installed = join(FOLDER, 'node_modules/.package-lock.json') // npm writes it last
  const wanted = statSync(join(FOLDER, 'package-lock.json'))
  if (existsSync(installed) && statSync(installed).mtimeMs >= wanted.mtimeMs) return
  console.log('npm ci --prefix test/bench/peers')
  try {
    execFileSync('npm', ['ci', '--loglevel', 'error', '--prefix', FOLDER], { stdio: ['ignore', 'ignore', 'inherit'] })
  } catch (error) {
    throw new Error(`npm ci --prefix test/bench/peers failed: ${error instanceof Error ? error.message : error}`)
  }
}

const message = z.union([z.string(), z.instanceof(Uint8Array)])
const client = z.object({
  path: z.string(),
  hello: message.exactOptional(),
  welcome: z.string().exactOptional(),
  reply: message.exactOptional(),
})
const words = z.object({
  /** Each client has a path of its own, which it wants to be asked for. */
  seats: z.boolean().default(false),
  client,
  member: client,
  sender: client,
  request: message,
  answer: message,
  command: message,
  message,
})
const paths = z.array(z.string())

/** A server of somebody else, and how it is talked to. */
export interface Peer extends FanSubject {
  readonly request: Message
  readonly answer: Message
  clients(count: number): Promise<ClientOptions[]>
}

/** The peers by name: their program. */
const PEERS = { ws: 'ws', 'Socket.IO': 'socketio', NestJS: 'nest', Colyseus: 'colyseus' } as const
type PeerName = keyof typeof PEERS
export const peerNames: readonly PeerName[] = ['ws', 'Socket.IO', 'NestJS', 'Colyseus']

export async function startPeer(name: PeerName, ...args: string[]): Promise<Peer> {
  const program = await startProgram(name, join(FOLDER, `${PEERS[name]}.mjs`), args)
  const { seats, client, member, sender, ...said } = words.parse(program.said)
  const { port } = program
  const many = async (one: z.infer<typeof words>['client'], count: number) =>
    (await pathsOf(program, seats ? undefined : one.path, count)).map((path) => ({ ...one, path, port }))
  return {
    ...program,
    ...said,
    clients: (count) => many(client, count),
    members: (count) => many(member, count),
    sender: async () => {
      const [one = { ...sender, port }] = await many(sender, 1)
      return one
    },
  }
}

/** @param path of all of them; undefined: each has its own */
async function pathsOf(program: Program, path: string | undefined, count: number): Promise<string[]> {
  return path === undefined
    ? paths.parse(await program.ask({ seats: count }))
    : Array.from({ length: count }, () => path)
}

/** Two processes of Socket.IO on one Redis, the members dealt out to them. */
export async function startSocketIoTwice(): Promise<FanSubject> {
  const redis = await startRedis()
  pin(SERVER_CORE, [redis.pid])
  const [one, other] = await Promise.all([1, 2].map(() => startPeer('Socket.IO', redis.url)))
  if (one === undefined || other === undefined) throw new Error('Socket.IO has not started')
  return {
    ...one,
    server: [...one.server, ...other.server],
    store: [redis.pid],
    members: async (count) => {
      const half = Math.ceil(count / 2)
      return [...(await one.members(half)), ...(await other.members(count - half))]
    },
    stop: async () => {
      for (const each of [one, other] satisfies Subject[]) await each.stop()
      await redis.stop()
    },
  }
}
