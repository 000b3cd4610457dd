import { randomBytes } from 'node:crypto'
import type { AppConfig } from '../../Library/Config/Schema'
import { log } from '../../Library/Log/Log'
import type { Reached } from '../Orders'
import { pause } from './Backoff'
import type { Manned, Supplies } from './Crew'
import type { Gate } from './Gate'
import { Gateways } from './Gateways'
import type { Generation } from './Generation'
import type { Hand } from './Hand'
import { Hands } from './Hands'
import { type Audit, audit, type CrewView, type Errand, reach, viewGateway, viewWorker } from './Inquiry'
import { lastHook } from './LastHook'
import { LifeSigns } from './LifeSigns'
import { closed, drain, HANDSHAKE_MS } from './MakeWay'
import { Queue } from './Queue'
import { Replacements } from './Replacements'
import { Slots } from './Slots'
import { checkReload } from './Unchangeable'

export interface TeamOptions {
  /** What each process is given; the ports are those that were found. */
  readonly supplies: Supplies
  /** As it was configured: a port of 0 is 0. */
  readonly configured: AppConfig
  /** Whose code it begins with; its gateways run that to their end. */
  readonly generation: Generation
  readonly workers: number
  /** Whatever replaces many processes, or what is worn: one after the other. */
  readonly changes: Queue
  /** @returns the path of a unix socket that nobody else has */
  readonly socket: () => string
  /** @returns a number that no worker ever had */
  readonly number: () => number
}

/** The gateways that one start or restart has brought, and the workers that have joined them, which reloads and deaths replace. */
export class Team {
  readonly #options: TeamOptions
  readonly #gateways: Gateways
  readonly #hands: Hands
  readonly #slots: Slots
  readonly #signs: LifeSigns
  readonly #replacements: Replacements
  #configured: AppConfig
  #stopping = false

  constructor(options: TeamOptions) {
    const { supplies, configured, generation, workers, changes, socket, number } = options
    const { reactor_num, stall_limit } = supplies.config.setting
    const secret = randomBytes(32).toString('hex')
    const switches = new Queue()
    const now = () => ({ ...supplies, config: this.#slots.config })
    this.#options = options
    this.#configured = configured
    this.#signs = new LifeSigns(stall_limit * 1000)
    this.#gateways = new Gateways(
      { count: reactor_num, generation, secret, socket, supplies: now, switches },
      {
        brief: (gate) => this.#slots.brief(gate),
        lost: (gate) => {
          for (const hand of this.#hands.all) hand.drained(gate)
        },
        drained: (gate, worker) => this.#hands.get(worker)?.drained(gate),
        broken: (worker, reason) => this.#broken(worker, reason),
      },
    )
    this.#hands = new Hands({
      secret,
      number,
      supplies: now,
      gates: () => this.#gateways.living,
      made: (hand) => hand.child.on('unlinked', ({ path }) => this.#unlinked(hand, path)),
    })
    this.#slots = new Slots(workers, supplies.config, this.#gateways, switches)
    this.#replacements = new Replacements({
      hands: this.#hands,
      slots: this.#slots,
      signs: this.#signs,
      changes,
      retire: (hand) => this.#retire(hand),
    })
  }

  /** That of the code which serves; the ports are those that were found. */
  get config(): AppConfig {
    return this.#slots.config
  }

  /** The same, as it was configured: a port of 0 is 0. */
  get configured(): AppConfig {
    return this.#configured
  }

  get size(): { readonly gateways: number; readonly workers: number } {
    return { gateways: this.#gateways.living.length, workers: this.#slots.hands.length }
  }

  /**
   * Starts all of it; it does not listen yet.
   * @param patient it may wait for Redis, however long it is away
   * @param meanwhile called when the processes load the kernel; they start when it has been done
   * @returns what the engine is
   * @throws Error that says why it does not start; nothing of it is left then
   */
  async prepare(patient: boolean, meanwhile = async () => {}): Promise<string> {
    const { generation, supplies } = this.#options
    try {
      const gates = this.#gateways.makeSet()
      const hands = this.#hands.makeSet(generation, this.#slots.count)
      await meanwhile()
      const booting = this.#gateways.boot(gates, patient)
      // Who may have to wait for Redis says so alone.
      if (!supplies.embedded) await booting
      const [engine] = await Promise.all([booting, this.#hands.hire(hands)])
      await this.#slots.fill(generation, hands)
      for (const hand of hands) this.#replacements.watch(hand)
      return engine
    } catch (error) {
      await this.kill()
      throw error
    }
  }

  /** Opens the public ports. @returns the real ones @throws Error when one cannot be had; nothing is left then */
  async listen(): Promise<Manned['ports']> {
    try {
      return await this.#gateways.listen()
    } catch (error) {
      await this.kill()
      throw error
    }
  }

  async status(): Promise<CrewView> {
    const living = this.#gateways.living.map(({ child }) => viewGateway(child))
    const gateways = (await Promise.all(living)).flat()
    const started = this.#hands.all.filter((hand) => hand.started)
    const hands = started.map(({ child, id, generation }) => viewWorker(child, id, generation.number, gateways))
    return { gateways, workers: (await Promise.all(hands)).flat() }
  }

  reach(errand: Errand): Promise<Reached> {
    const [gate] = this.#gateways.living
    return reach(gate?.child, errand)
  }

  audit(fix: boolean): Promise<Audit[]> {
    return audit(this.#gateways.living, fix)
  }

  /** @returns what code is configured to do that has not served yet @throws Error that says why it does not load */
  scout(generation: Generation): Promise<AppConfig> {
    return this.#hands.scout(generation)
  }

  /** Lets new workers take the place of the old ones. @throws Error that says why nothing has changed */
  async reload(generation: Generation, progress: (step: string) => void): Promise<void> {
    const { hands, old } = await this.#switchTo(generation)
    const { stall_limit } = this.config.setting
    this.#signs.limit(stall_limit * 1000)
    this.#replacements.reset()
    for (const hand of hands) this.#replacements.watch(hand)
    log.info({ generation: generation.number, workers: hands.map(({ id }) => id) }, 'reload: new code serves')
    progress(`${hands.length} new workers serve`)
    await this.#retireAll(old.hands, progress)
    // A gateway that dies is replaced by one of the same code.
    if (!(old.generation === this.#options.generation && old.generation.holdsKernel)) old.generation?.drop()
    log.info({ generation: generation.number }, 'reload: the last old worker has ended')
  }

  /** Another team listens on the ports, and this one does no longer: who comes back must not meet an old gateway again. */
  async unlisten(): Promise<void> {
    await closed(this.#gateways.unlisten())
  }

  /**
   * Makes way for another team: closes its connections with 1012, one gateway after the other; their hooks run; then everything ends.
   * @param drainMs milliseconds over which all closes are spread evenly
   * @param limitMs how long a gateway may take beyond that, in milliseconds; then it is killed
   * @param heir cleans up after a gateway that did not end in good order
   */
  async leave(drainMs: number, limitMs: number, heir: Team, progress: (step: string) => void): Promise<void> {
    const gates = this.#gateways.living
    const handshakes = pause(HANDSHAKE_MS)
    const ends: Promise<void>[] = []
    for (const gate of gates) {
      await drain(gate.child, drainMs / gates.length, (left) => progress(`${gate.name}: ${left} clients left`))
      ends.push(handshakes.then(() => this.#endGate(gate, limitMs, heir)))
    }
    await Promise.all(ends)
    progress(`${gates.length === 1 ? 'the old gateway has' : `${gates.length} old gateways have`} ended`)
    this.#replacements.stop()
    if (this.#stopping) return
    await this.#retireAll(this.#hands.all, progress)
    this.#signs.stop()
    this.#options.generation.drop()
    this.#slots.generation?.drop()
  }

  /** Ends all in good order. @param deadlineMs milliseconds; then what still runs is killed @returns whether that was not needed */
  async stop(deadlineMs: number): Promise<boolean> {
    this.#stopping = true
    this.#replacements.stop()
    let clean = true
    const late = setTimeout(() => {
      clean = false
      this.kill()
    }, deadlineMs)
    const hands = this.#hands.all.filter(({ child }) => child.ready)
    for (const hand of this.#hands.all) if (!hand.child.ready) hand.child.kill()
    if (!(await this.#gateways.unlisten())) {
      log.error('a gateway ended before it had stopped in good order')
      clean = false
    }
    const told = await Promise.all(hands.map((hand) => lastHook(hand.child, deadlineMs / 2)))
    if (told.includes(false)) clean = false
    await this.#gateways.stop(deadlineMs)
    await Promise.all(hands.map((hand) => hand.end()))
    clearTimeout(late)
    this.#signs.stop()
    return clean
  }

  /** Ends all at once. */
  async kill(): Promise<void> {
    this.#stopping = true
    const hands = this.#hands.all
    this.#replacements.stop()
    for (const hand of hands) hand.child.kill()
    this.#gateways.kill()
    this.#signs.stop()
    await Promise.all([this.#gateways.ended(), ...hands.map((hand) => hand.child.ended)])
  }

  /** Lets a new set of workers serve. @throws Error that says why nothing has changed */
  async #switchTo(generation: Generation) {
    const hands = this.#hands.makeSet(generation, this.#slots.count)
    try {
      const config = await this.#hands.hire(hands)
      checkReload(this.#configured, config)
      const old = await this.#slots.fill(generation, hands, config)
      this.#configured = config
      return { hands, old }
    } catch (error) {
      await Promise.all(hands.map((hand) => hand.discard()))
      generation.drop()
      throw error
    }
  }

  async #endGate(gate: Gate, limitMs: number, heir: Team): Promise<void> {
    await gate.child.stop({ order: 'stop', reason: 'restart' }, limitMs)
    if (gate.child.clean) return
    log.error({ gateway: gate.name, pid: gate.child.pid }, 'an old gateway did not end in good order')
    heir.#gateways.reap(gate)
  }

  async #retireAll(hands: readonly Hand[], progress: (step: string) => void): Promise<void> {
    let left = hands.length
    await Promise.all(
      hands.map(async (hand) => {
        await this.#retire(hand, 'onReload')
        progress(`an old worker has ended, ${--left} left`)
      }),
    )
  }

  /** Ends a hand that serves no longer, when the calls in it have ended or their time is over. */
  async #retire(hand: Hand, hook?: 'onReload'): Promise<void> {
    const { max_wait_time } = this.config.setting
    await Promise.race([hand.idle, hand.child.ended])
    if (hook) {
      const told = hand.child.ask({ order: 'hook', hook }, 'hooked').catch(() => {})
      await Promise.race([told, pause(max_wait_time * 1000)])
    }
    this.#signs.forget(hand)
    await hand.end()
  }

  #broken(worker: number, reason: string): void {
    log.error({ worker, reason }, 'a worker sent what is no record and is ended')
    this.#hands.get(worker)?.child.kill()
  }

  /** A worker without its link to a gateway that lives is no use there: it is ended, so that it is replaced. */
  async #unlinked(hand: Hand, path: string): Promise<void> {
    const gate = this.#gateways.at(path)
    if (this.#stopping || gate === undefined || !(await gate.livesOn())) return
    if (this.#stopping || !hand.child.alive) return
    log.error(
      { worker: hand.id, gateway: gate.name },
      'a worker has lost its link to a gateway that lives, and is ended',
    )
    hand.child.kill()
  }
}
