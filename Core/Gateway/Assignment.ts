import type { AppConfig } from '../../Library/Config/Schema'
import { log } from '../../Library/Log/Log'
import type { Connection } from './Connection'
import type { Refusals } from './Refusals'
import type { Serving } from './Serving'

/** What may wait in the link to a worker, in bytes; beyond it new messages get 503. */
const LINK_LIMIT = 64 * 1024 * 1024

/** How long a message waits for its connection to be put on record, in milliseconds. */
const RECORD_WAIT_MS = 500

/** How long a message waits for a worker where there is none, in milliseconds; then it gets 503. */
const WORKER_WAIT_MS = 5000

/** How often waiting messages are looked at, in milliseconds. */
const SWEEP_MS = 100

/**
 * Which worker serves which connection. A connection belongs to a slot, and a slot to a worker; the worker of a slot changes at a
 * reload, a replacement or a death. A connection follows with nothing under way: what arrives until then waits here, counted, so
 * that its order holds whatever happens to workers.
 */
export class Assignment {
  #mostInFlight: number
  readonly #refusals: Refusals
  readonly #holding = new Set<Connection>()
  #slots: readonly (Serving | undefined)[] = []
  #sweeper: NodeJS.Timeout | undefined
  #suspended = false

  constructor(setting: AppConfig['setting'], refusals: Refusals) {
    this.#mostInFlight = setting.max_in_flight
    this.#refusals = refusals
  }

  /** The limits of a new configuration. */
  configure({ max_in_flight }: AppConfig['setting']): void {
    this.#mostInFlight = max_in_flight
  }

  /** @returns the workers that serve now */
  get serving(): ReadonlySet<Serving> {
    return new Set(this.#slots.flatMap((worker) => worker ?? []))
  }

  /** From now on these serve, each its slot. */
  assign(workers: readonly (Serving | undefined)[]): void {
    this.#slots = workers
    for (const connection of this.#holding) this.#advance(connection)
  }

  /** Nothing is passed on until `resume`. */
  suspend(): void {
    this.#suspended = true
  }

  resume(): void {
    if (!this.#suspended) return
    this.#suspended = false
    for (const connection of this.#holding) this.#advance(connection)
  }

  /** Passes a frame on, now or when its turn comes; it is copied before this returns. */
  pass(connection: Connection, bytes: ArrayBuffer): void {
    const { frames, inFlight, held } = connection
    if (inFlight.length + held.length >= this.#mostInFlight)
      return this.#refusals.add(connection, 'max_in_flight', frames)
    const worker = held.length === 0 && connection.recorded ? this.#ready(connection) : undefined
    if (worker) return this.#deliver(connection, worker, frames, Buffer.from(bytes))
    held.push({ frame: frames, bytes: Buffer.from(bytes.slice(0)), since: performance.now() })
    this.#holding.add(connection)
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS)
  }

  /** The connection is on record, or has waited for that long enough. */
  recorded(connection: Connection): void {
    connection.recorded = true
    this.#advance(connection)
  }

  /** The oldest message under way at this worker has been handled. */
  done(connection: Connection, worker: Serving): void {
    if (connection.worker !== worker || connection.inFlight.shift() === undefined) return
    worker.finished()
    if (connection.held.length > 0) this.#advance(connection)
  }

  /** A worker has died, or may not go on: what was under way there is lost, and its clients are told. */
  lost(worker: Serving): void {
    this.#slots = this.#slots.map((serving) => (serving === worker ? undefined : serving))
    const inside: number[] = []
    for (const connection of worker.connections) {
      if (connection.inFlight.length > 0) inside.push(connection.fd)
      this.#refusals.addAll(connection, 'worker lost', connection.inFlight.splice(0))
      connection.worker = undefined
    }
    worker.lost()
    if (inside.length > 0) {
      log.error(
        { worker: worker.id, pid: worker.pid, fds: inside.slice(0, 100), count: inside.length },
        'calls were lost with their worker',
      )
    }
    for (const connection of this.#holding) this.#advance(connection)
  }

  /** The connection has closed: what waits or is under way is nobody's business any more. */
  leave(connection: Connection): void {
    this.#holding.delete(connection)
    connection.held.length = 0
    connection.worker?.connections.delete(connection)
    connection.worker?.leave(connection)
  }

  /** @returns the worker of a connection's slot; undefined while there is none */
  slotOf(connection: Connection): Serving | undefined {
    return this.#slots[connection.slot % Math.max(1, this.#slots.length)]
  }

  /** @returns the worker of a connection's slot, which now knows of the connection; undefined while there is none */
  workerFor(connection: Connection): Serving | undefined {
    const worker = this.slotOf(connection)
    if (worker === undefined || connection.worker === worker) return worker
    connection.worker?.connections.delete(connection)
    connection.worker = worker
    worker.attach(connection)
    return worker
  }

  stop(): void {
    clearInterval(this.#sweeper)
  }

  /** @returns the worker that may take the connection's next message; undefined: it has to wait */
  #ready(connection: Connection): Serving | undefined {
    if (this.#suspended) return undefined
    const worker = this.slotOf(connection)
    if (connection.worker === worker) return worker
    // The old worker is still at it: the new one must not overtake it.
    return connection.inFlight.length > 0 ? undefined : this.workerFor(connection)
  }

  #deliver(connection: Connection, worker: Serving, frame: number, bytes: Buffer): void {
    if (worker.toWorker.waiting > LINK_LIMIT) return this.#refusals.add(connection, 'link full', frame)
    connection.inFlight.push(frame)
    worker.began()
    worker.toWorker.message(connection.fd, bytes)
  }

  /** Passes on what waited, as far as it may go. */
  #advance(connection: Connection): void {
    while (connection.recorded && connection.held.length > 0) {
      const worker = this.#ready(connection)
      if (worker === undefined) return
      const next = connection.held.shift()
      if (next) this.#deliver(connection, worker, next.frame, next.bytes)
    }
    if (connection.held.length === 0) this.#holding.delete(connection)
  }

  #sweep(): void {
    const now = performance.now()
    for (const connection of this.#holding) {
      const age = now - (connection.held[0]?.since ?? now)
      if (!connection.recorded && age > RECORD_WAIT_MS) this.recorded(connection)
      if (age > WORKER_WAIT_MS && connection.inFlight.length === 0) this.#giveUp(connection, now)
    }
    if (this.#holding.size > 0) return
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
  }

  #giveUp(connection: Connection, now: number): void {
    const late = connection.held.filter(({ since }) => now - since > WORKER_WAIT_MS)
    connection.held.splice(0, late.length)
    this.#refusals.addAll(
      connection,
      'no worker',
      late.map(({ frame }) => frame),
    )
    this.#advance(connection)
  }
}
