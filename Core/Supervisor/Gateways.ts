import { log } from '../../Library/Log/Log'
import { supervisorCounts } from '../Metrics/SupervisorCounts'
import type { Identity } from '../Orders'
import { Backoff, pause } from './Backoff'
import type { Manned, Supplies } from './Crew'
import { Gate } from './Gate'
import type { Generation } from './Generation'
import type { Queue } from './Queue'

export interface GatewaysOptions {
  readonly count: number
  /** Whose code they run. */
  readonly generation: Generation
  /** What workers join with. */
  readonly secret: string
  /** @returns the path of a unix socket that nobody else has */
  readonly socket: () => string
  /** @returns what a gateway that starts now is given */
  readonly supplies: () => Supplies
  /** In which the slots change: a new gateway is told of them in its turn, so that it misses no change. */
  readonly switches: Queue
}

/** What the crew does about what becomes of gateways. */
export interface GatewayWatcher {
  /** Lets the workers that serve join a new gateway, and gives it the slots. */
  brief(gate: Gate): Promise<void>
  /** The gateway has died. */
  lost(gate: Gate): void
  /** A worker that serves no longer has nothing under way at this gateway any more. */
  drained(gate: Gate, worker: number): void
  /** What a worker sent was no record; the gateway has dropped its link. */
  broken(worker: number, reason: string): void
}

/** The gateways of this machine, on the same ports. One that dies takes its own connections along, nothing else, and is replaced. */
export class Gateways {
  readonly #options: GatewaysOptions
  readonly #watcher: GatewayWatcher
  /** Every one that has not ended, those that start included. */
  readonly #all = new Set<Gate>()
  /** By place: those that have the slots. */
  #serving: Gate[] = []
  /** Those that died when there was nobody to be told. */
  #unreaped: Identity[] = []
  #stopping = false

  constructor(options: GatewaysOptions, watcher: GatewayWatcher) {
    this.#options = options
    this.#watcher = watcher
  }

  /** Those that have the slots, and live. */
  get living(): Gate[] {
    return this.#serving.filter((gate) => gate.alive)
  }

  /** @returns the one that listens there for workers; undefined when it has ended */
  at(path: string): Gate | undefined {
    return this.living.find((gate) => gate.path === path)
  }

  /** Processes for all: they load the kernel already, whatever has to come about before they can start. */
  makeSet(): Gate[] {
    return Array.from({ length: this.#options.count }, (_, place) => this.#start(place))
  }

  /**
   * Lets all of these start; they do not listen yet.
   * @param patient they may wait for Redis, however long it is away
   * @returns what their engine is
   * @throws Error of the first that does not start
   */
  async boot(gates: Gate[], patient: boolean): Promise<string> {
    const [engine = ''] = await Promise.all(gates.map((gate) => this.#boot(gate, patient)))
    this.#serving = gates
    return engine
  }

  /** Lets all listen; from now on one that dies is replaced. @throws Error when one dies before */
  async listen(): Promise<Manned['ports']> {
    const [ports = {}] = await Promise.all(this.#serving.map((gate) => gate.listen()))
    for (const [place, gate] of this.#serving.entries()) this.#watch(gate, place)
    return ports
  }

  /** No new connections. @returns whether all that live have obeyed */
  async unlisten(): Promise<boolean> {
    this.#stopping = true
    const living = this.living
    for (const gate of this.#all) if (!living.includes(gate)) gate.child.kill()
    const obeyed = await Promise.all(living.map((gate) => gate.unlisten()))
    return obeyed.every((one) => one)
  }

  /** Ends all in good order. @param deadlineMs milliseconds; then they are killed */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true
    const order = { order: 'stop', reason: 'serverStops' } as const
    await Promise.all([...this.#all].map((gate) => gate.child.stop(order, deadlineMs)))
  }

  /** Lets one of these clean up after a gateway that has died. Its lease need not run out first: it is dead for certain. */
  reap({ identity }: Pick<Gate, 'identity'>): void {
    if (identity === undefined) return
    const [other] = this.living
    if (other) other.reap(identity)
    else this.#unreaped.push(identity)
  }

  kill(): void {
    this.#stopping = true
    for (const gate of this.#all) gate.child.kill()
  }

  /** Resolves when all that there are have ended. */
  async ended(): Promise<void> {
    await Promise.all([...this.#all].map((gate) => gate.child.ended))
  }

  /** A new process for a place. Each has a path of its own, so that nobody takes it for the one before. */
  #start(place: number): Gate {
    const { count, socket, generation } = this.#options
    const name = count === 1 ? 'gateway' : `gateway ${place + 1}`
    const gate = new Gate(name, socket(), generation)
    this.#all.add(gate)
    gate.child.ended.then(() => this.#all.delete(gate))
    gate.child.on('drained', ({ worker }) => this.#watcher.drained(gate, worker))
    gate.child.on('broken', ({ worker, reason }) => this.#watcher.broken(worker, reason))
    return gate
  }

  #boot(gate: Gate, patient: boolean): Promise<string> {
    return gate.boot(this.#options.supplies(), this.#options.secret, patient)
  }

  #watch(gate: Gate, place: number): void {
    gate.child.ended.then((how) => this.#died(gate, place, how))
  }

  async #died(gate: Gate, place: number, how: string): Promise<void> {
    if (this.#stopping) return
    log.fatal({ gateway: gate.name, pid: gate.child.pid }, `a gateway ${how}; its connections are lost; it is replaced`)
    this.#watcher.lost(gate)
    this.reap(gate)
    const backoff = new Backoff()
    while (!this.#stopping && !(await this.#replace(place, backoff.looping))) await pause(backoff.next())
  }

  /** @returns whether a new gateway serves in this place */
  async #replace(place: number, crashLoop: boolean): Promise<boolean> {
    const gate = this.#start(place)
    const { name, child } = gate
    try {
      await this.#boot(gate, true)
      const ports = await this.#options.switches.run(() => this.#open(gate, place))
      this.#watch(gate, place)
      for (const identity of this.#unreaped.splice(0)) gate.reap(identity)
      supervisorCounts.gatewaysReplaced++
      log.info({ gateway: name, pid: child.pid, ports }, 'a new gateway serves')
      return true
    } catch (error) {
      if (!this.#stopping) {
        log.error({ err: error, gateway: name, crashLoop }, 'a gateway does not start; it is tried again')
      }
      child.kill()
      await child.ended
      this.#watcher.lost(gate)
      this.reap(gate)
      return false
    }
  }

  async #open(gate: Gate, place: number): Promise<Manned['ports']> {
    await this.#watcher.brief(gate)
    if (this.#stopping) throw new Error('the server stops')
    this.#serving[place] = gate
    return gate.listen()
  }
}
