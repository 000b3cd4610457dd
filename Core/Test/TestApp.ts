import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { Cache, type Redis } from '../../Library/Cache/Cache'
import type { AppConfig } from '../../Library/Config/Schema'
import { des, sealV2 } from '../../Library/Encrypt/Encrypt'
import type { Base } from '../Base/Base'
import { Inbox } from './Inbox'
import { Inside, type InsideSocket } from './Inside'
import { findFd } from './Leftovers'
import type { LogBook, Logged } from './LogBook'
import { User } from './User'

/** Who connects: the fields of an auth string. */
export interface UserFields {
  /** Default: one that nobody else has. */
  readonly id?: string | number
  /** Default: `wechatUser`. */
  readonly type?: string
  readonly code?: string
  /** Default: one that nobody else has. */
  readonly nickname?: string
  readonly [field: string]: unknown
}

/** An auth string as it is. */
export interface AuthString {
  readonly auth: string
}

/** What an app is made of. */
export interface Parts {
  readonly base: Base
  readonly book: LogBook
  readonly config: AppConfig
  readonly prefix: string
  /** By its name the real port of a public port that listens. */
  readonly listening: Readonly<Record<string, number>>
  /** Closes every connection, and ends everything. */
  readonly leave: () => Promise<void>
}

/** How often it is looked whether messages that wait have been passed on, in milliseconds. */
const LOOK_MS = 5

/** Those that have connected so far, in all apps. */
let users = 0

/** An app that runs in the process of its test. */
export class TestApp {
  readonly #parts: Parts
  readonly #ports: ReadonlyMap<string, Inside>
  readonly #sockets = new Set<InsideSocket>()
  #stopping: Promise<void> | undefined

  /** Made by `startApp`. */
  constructor(parts: Parts) {
    const { base, config } = parts
    this.#parts = parts
    const ports = Object.entries(config.outside).map(([name, { auth }]) => new Inside(base.house.gateway, name, auth))
    this.#ports = new Map(ports.map((port) => [port.name, port]))
  }

  /**
   * Connects a client, without a socket.
   * @param user the fields of his auth string, or one as it is; null: none
   * @param options `port`: the name of a public port, default the first
   * @throws Error that says why the handshake is refused
   */
  async client(user: UserFields | AuthString | null = {}, { port }: { readonly port?: string } = {}): Promise<User> {
    const inside = port === undefined ? [...this.#ports.values()][0] : this.#ports.get(port)
    if (inside === undefined)
      throw new Error(`there is no port ${port}; there are: ${[...this.#ports.keys()].join(', ')}`)
    const inbox = new Inbox()
    const auth = user === null ? null : isAuthString(user) ? user.auth : this.auth(user)
    const socket = await inside.connect(auth, (text) => inbox.take(text))
    this.#sockets.add(socket)
    socket.ended.then(() => this.#sockets.delete(socket))
    const host = { settled: () => this.settled(), lastError: (fd: number) => this.#parts.book.lastError(fd) }
    return new User(host, socket, inbox)
  }

  /** The address of the first public port. @throws Error when the app was started without `port` */
  get url(): string {
    const [port] = Object.values(this.#parts.listening)
    if (port === undefined) throw new Error('the app listens nowhere; start it with { port: true }')
    return `ws://127.0.0.1:${port}/`
  }

  /** An auth string for a client with a real socket: fresh, and encrypted with the first key. */
  auth(fields: UserFields = {}): string {
    const { accept, key } = this.#parts.config.auth
    const [first = ''] = key
    const number = ++users
    const own = { id: `u${number}`, type: 'wechatUser', nickname: `nickname ${number}` }
    const json = JSON.stringify({ ...own, ctime: Math.floor(Date.now() / 1000), ...fields })
    return accept.includes('des') ? des(json, first) : sealV2(json, first)
  }

  /** The Redis client that the app's own code gets by `Cache.get('master')`. */
  get store(): Redis {
    return Cache.get('master')
  }

  /** What was logged at warn and above, in order. */
  get log(): readonly Logged[] {
    return this.#parts.book.lines
  }

  /** Resolves when everything that clients have sent so far was handled, and what it made the server send has arrived. */
  async settled(): Promise<void> {
    for (;;) {
      await this.#parts.base.settled()
      if (![...this.#sockets].some(({ busy }) => busy)) return
      await pause(LOOK_MS) // after a halt at a breakpoint, say, messages wait until the gateway has renewed its lease
    }
  }

  /** @returns the keys of the store that speak of a connection */
  async leftovers(user: User | number): Promise<string[]> {
    const fd = typeof user === 'number' ? user : user.fd
    return await findFd(this.store, this.#parts.prefix, fd)
  }

  /** @throws Error that names the keys of the store that still speak of a connection which has closed */
  async expectNothingLeft(user: User | number): Promise<void> {
    const fd = typeof user === 'number' ? user : user.fd
    const keys = await this.leftovers(fd)
    if (keys.length === 0) return
    const open = this.#parts.base.house.gateway.hub.get(fd) ? ' (it is still connected: close it first)' : ''
    throw new Error(`of fd ${fd} there is something left in Redis: ${keys.join(', ')}${open}`)
  }

  /** Stops as a server does: onShutdown, then every client is closed with 1001 and cleaned up. May be called again. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #stop(): Promise<void> {
    const { base, config, leave } = this.#parts
    await base.house.unlisten()
    const limit = (config.setting.max_wait_time * 1000) / 2
    await Promise.race([base.tellAll('onShutdown'), pause(limit, undefined, { ref: false })])
    await nextTurn() // what the hooks sent is on its way
    await leave()
  }
}

const isAuthString = (user: UserFields | AuthString): user is AuthString => typeof user.auth === 'string'
