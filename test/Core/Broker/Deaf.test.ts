import { once } from 'node:events'
import { connect, createServer, type Server as NetServer, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { Server } from '../../support/server'
import { Cluster, does, fdOf, sentTo } from './support'

let cluster: Cluster
let other: Client
let otherFd: number
beforeAll(async () => {
  cluster = await Cluster.start(1)
  other = await cluster.connect(0)
  otherFd = await fdOf(other)
})
afterAll(() => cluster.stop())

/** A way to Redis that can fall silent for those connections on which somebody listens. */
class Wire {
  readonly #server: NetServer
  readonly #listening = new Set<Socket>()

  private constructor(port: number) {
    this.#server = createServer((socket) => {
      const redis = connect(port, '127.0.0.1')
      socket.on('data', (bytes) => {
        if (String(bytes).toLowerCase().includes('subscribe')) this.#listening.add(redis)
      })
      socket.pipe(redis).pipe(socket)
      for (const [one, other] of [
        [socket, redis],
        [redis, socket],
      ] as const) {
        one.on('error', () => {}) // `close` follows
        one.on('close', () => other.destroy())
      }
    }).listen(0, '127.0.0.1')
  }

  static async open(port: number): Promise<Wire> {
    const wire = new Wire(port)
    await once(wire.#server, 'listening')
    return wire
  }

  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('it does not listen')
    return `redis://127.0.0.1:${address.port}`
  }

  /** What Redis says to those who listen now does not arrive any more. @returns how many they are */
  silence(): number {
    for (const redis of this.#listening) redis.unpipe()
    return this.#listening.size
  }

  /** They lose their connection. */
  cut(): void {
    for (const redis of this.#listening) redis.destroy()
  }

  stop(): void {
    this.#server.close()
    this.cut()
  }
}

test('a gateway notices that nothing comes over the bus any more, and hears again', async () => {
  const wire = await Wire.open(cluster.redis.port)
  const machine = await Server.start({ fixture: 'broker', env: { REDIS_URL: wire.url, APP_WORKERS: '1' } })
  onTestFinished(async () => {
    wire.stop()
    await machine.stop('SIGKILL')
  })
  const one = await Client.connect(machine.url(), phone('silent'))
  await does(one, 'fdJoin', await fdOf(one), 'SILENT')
  expect(wire.silence()).toBeGreaterThan(0)
  await machine.logged(({ msg }) => msg.startsWith('the bus is interrupted'))
  await eventually(async () => {
    await does(other, 'to', 'SILENT', 'again')
    expect(sentTo(one)).toContain('again')
  })
})

test('while it is deaf a gateway says 503, and not that nobody is there', async () => {
  const wire = await Wire.open(cluster.redis.port)
  const machine = await Server.start({ fixture: 'broker', env: { REDIS_URL: wire.url, APP_WORKERS: '1' } })
  onTestFinished(async () => {
    wire.stop()
    await machine.stop('SIGKILL')
  })
  const one = await Client.connect(machine.url(), phone('deaf'))
  const own = await fdOf(one)
  // Redis takes its commands and nothing can be subscribed to: the gateway stays deaf.
  await cluster.store.acl('SETUSER', 'default', 'resetchannels')
  wire.cut()
  await machine.logged(({ msg }) => msg.startsWith('the bus is interrupted'))
  for (const [verb, ...args] of [['connectionCount'], ['fdJoin', otherFd, 'X'], ['reportAll', 'x']] as const) {
    expect((await one.call('bus.kit.do', { verb, args })).status, verb).toBe(503)
  }
  one.send({ method: 'bus.kit.do', verb: 'kick', args: [own] })
  expect((await one.closed).code).toBe(4403)
  await cluster.store.acl('SETUSER', 'default', 'allchannels')
})
