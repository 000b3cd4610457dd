import { isStoreAway } from '../../Library/Cache/Cache'
import { log } from '../../Library/Log/Log'
import type { Audience, Bytes, Operation, ToGateway, Turns } from '../Link/Contract'
import { STORE_AWAY } from '../Link/Contract'
import { gatewayCounts } from '../Metrics/GatewayCounts'
import type { Assignment } from './Assignment'
import type { Broker } from './Broker'
import type { Closes } from './Closes'
import { Deliveries } from './Deliveries'
import type { Hub } from './Hub'
import type { Operations } from './Operations'
import type { Refusals } from './Refusals'
import type { Registry } from './Registry'
import type { Serving } from './Serving'

/**
 * Frames that one turn hands to sockets, so that no worker can keep the gateway from its heartbeats. What a burst brings to a member in
 * one turn goes out in one write: with a fifth of this a burst takes four times as long.
 */
const TURN = 5000

/** The rooms of a gateway that do what workers order. */
export interface Rooms {
  readonly hub: Hub
  readonly registry: Registry
  readonly assignment: Assignment
  readonly closes: Closes
  readonly broker: Broker
  readonly operations: Operations
  readonly refusals: Refusals
}

/** What one worker orders, done by the rooms of the gateway whose matter it is. */
export class FromWorker implements ToGateway, Turns {
  readonly #rooms: Rooms
  readonly #worker: Serving
  readonly #deliveries = new Deliveries()
  #count = 0

  constructor(rooms: Rooms, worker: Serving) {
    this.#rooms = rooms
    this.#worker = worker
  }

  beginTurn(): void {
    this.#count = 0
  }

  spent(): boolean {
    return this.#count >= TURN || this.#rooms.broker.full
  }

  endTurn(): void {
    this.#deliveries.flush()
  }

  send(fd: number, text: Bytes, last: boolean): void {
    if (this.#worker.muted) return this.#unheard()
    const { hub, assignment, broker } = this.#rooms
    this.#count++
    const connection = hub.get(fd)
    if (connection === undefined) return broker.sendForeign(fd, text)
    this.#deliveries.send(connection, text)
    if (last) assignment.done(connection, this.#worker)
  }

  publish(audience: Audience, name: string, except: readonly number[], from: number, text: Bytes): void {
    if (this.#worker.muted) return this.#unheard()
    this.#deliveries.flush()
    this.#count += this.#rooms.broker.publish({ audience, name, except, text, unsent: this.#unsent(from) })
  }

  end(fd: number, code: number, reason: string): void {
    if (this.#worker.muted) return
    this.#deliveries.flush()
    const connection = this.#rooms.hub.get(fd)
    if (connection) connection.end(code, reason)
    else this.#rooms.operations.endForeign(fd, code, reason)
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
    if (operation === 'kick' || operation === 'report') this.#deliveries.flush() // what was sent before it arrives before it
    this.#rooms.operations.perform(operation, fd, text).then(
      (value) => this.#worker.toWorker.answer(id, '', JSON.stringify(value)),
      (error: unknown) => {
        const away = isStoreAway(error)
        if (away) gatewayCounts.storeErrors++
        else log.error({ err: error, fd, operation }, 'an order of the worker failed')
        this.#worker.toWorker.answer(id, away ? STORE_AWAY : String(error), '')
      },
    )
  }

  #unheard(): void {
    gatewayCounts.dropped['worker out of time']++
  }

  /** @returns what names the call that sends something to its client, if it cannot be sent */
  #unsent(from: number): (() => void) | undefined {
    const connection = from === 0 ? undefined : this.#rooms.hub.get(from)
    const frame = connection?.inFlight[0]
    if (connection === undefined || frame === undefined || connection.worker !== this.#worker) return undefined
    return () => this.#rooms.refusals.add(connection, 'Redis is away', frame)
  }
}
