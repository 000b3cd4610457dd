import type { Redis } from 'ioredis'
import { isStoreAway } from '../../Library/Cache/Cache'
import { log } from '../../Library/Log/Log'
import type { Answer, Audience, Bytes, Kick, Operation, ToGateway, Turns } from '../Link/Contract'
import { STORE_AWAY } from '../Link/Contract'
import { isFd } from '../Record/Keys'
import type { Assignment } from './Assignment'
import type { Closes } from './Closes'
import type { Connection } from './Connection'
import { Deliveries } from './Deliveries'
import type { Hub } from './Hub'
import type { Registry } from './Registry'
import type { Serving } from './Serving'

/** Frames that one turn hands to sockets, so that no worker can keep the gateway from its heartbeats. */
const TURN = 5000

/** The rooms of a gateway that do what workers order. */
export interface Rooms {
  readonly hub: Hub
  readonly registry: Registry
  readonly assignment: Assignment
  readonly closes: Closes
  readonly redis: Redis
  /** Whether a key is always sent by the set. */
  readonly isRaw: (key: string) => boolean
}

/** What one worker orders, done by the rooms of the gateway whose matter it is. */
export class FromWorker implements ToGateway, Turns {
  readonly #rooms: Rooms
  readonly #worker: Serving
  readonly #deliveries: Deliveries

  constructor(rooms: Rooms, worker: Serving) {
    this.#rooms = rooms
    this.#worker = worker
    this.#deliveries = new Deliveries(rooms.hub, rooms.redis, rooms.registry.instance, rooms.isRaw)
  }

  beginTurn(): void {
    this.#deliveries.begin()
  }

  spent(): boolean {
    return this.#deliveries.count >= TURN || this.#deliveries.full
  }

  endTurn(): void {
    this.#deliveries.flush()
  }

  send(fd: number, text: Bytes, last: boolean): void {
    const connection = this.#rooms.hub.get(fd)
    if (connection === undefined || this.#worker.muted) return
    this.#deliveries.send(connection, text)
    if (last) this.#rooms.assignment.done(connection, this.#worker)
  }

  publish(audience: Audience, name: string, except: readonly number[], _from: number, text: Bytes): void {
    if (!this.#worker.muted) this.#deliveries.publish(audience, name, except, text)
  }

  end(fd: number, code: number, reason: string): void {
    if (this.#worker.muted) return
    this.#deliveries.flush()
    this.#rooms.hub.get(fd)?.end(code, reason)
  }

  /** Only while a message of the connection is under way at this worker: a retired one must not overwrite a new one's (rule 4). */
  session(fd: number, slot: string, json: string): void {
    const connection = this.#rooms.hub.get(fd)
    if (connection?.worker !== this.#worker || connection.inFlight.length === 0) return
    connection.session ??= new Map()
    if (json === '') connection.session.delete(slot)
    else connection.session.set(slot, json)
  }

  done(fd: number): void {
    const connection = this.#rooms.hub.get(fd)
    if (connection) this.#rooms.assignment.done(connection, this.#worker)
  }

  told(fd: number, controller: string): void {
    const { closes, registry } = this.#rooms
    const connection = closes.running(fd, this.#worker)
    if (connection === undefined) return
    registry.removeController(connection, controller).catch((error: unknown) => {
      log.debug({ err: error, fd, controller }, 'a controller that was told stays on record until the clean-up')
    })
  }

  closed(fd: number): void {
    this.#rooms.closes.confirmed(fd, this.#worker)
    this.#worker.left(fd)
  }

  ask(id: number, operation: Operation, fd: number, text: string): void {
    this.#perform(operation, fd, text).then(
      (value) => this.#worker.toWorker.answer(id, '', JSON.stringify(value)),
      (error: unknown) => {
        const away = isStoreAway(error)
        if (!away) log.error({ err: error, fd, operation }, 'an order of the worker failed')
        this.#worker.toWorker.answer(id, away ? STORE_AWAY : String(error), '')
      },
    )
  }

  async #perform(operation: Operation, fd: number, text: string): Promise<Answer> {
    const { hub } = this.#rooms
    if (operation === 'report') throw new Error('not yet')
    if (operation === 'kick') return this.#kick(JSON.parse(text))
    if (operation === 'count') return hub.count(text || undefined)
    const connection = hub.get(fd)
    return connection !== undefined && this.#write(operation, connection, text)
  }

  async #write(
    operation: Exclude<Operation, 'kick' | 'count' | 'report'>,
    connection: Connection,
    name: string,
  ): Promise<boolean> {
    const { hub, registry } = this.#rooms
    switch (operation) {
      case 'join': {
        const joined = await registry.join(connection, name)
        if (joined) hub.join(connection, name)
        return joined
      }
      case 'leave':
        hub.leave(connection, name)
        await registry.leave(connection, name)
        return true
      case 'addCloseKey':
        await registry.addCloseKey(connection, name)
        return true
      case 'removeCloseKey':
        await registry.removeCloseKey(connection, name)
        return true
      case 'addController':
        await registry.addController(connection, name)
        return true
      case 'removeController':
        await registry.removeController(connection, name)
        return true
    }
  }

  async #kick({ target, code, reason }: Kick): Promise<number> {
    this.#deliveries.flush() // what was sent before the kick arrives
    const { hub, redis } = this.#rooms
    const fds = typeof target === 'number' ? [target] : (await redis.smembers(target)).map(Number)
    const connections = fds.flatMap((fd) => (isFd(fd) ? (hub.get(fd) ?? []) : []))
    for (const connection of connections) connection.end(code, reason)
    return connections.length
  }
}
