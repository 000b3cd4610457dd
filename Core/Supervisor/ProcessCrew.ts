import { randomBytes } from 'node:crypto'
import { log } from '../../Library/Log/Log'
import type { Reached } from '../Orders'
import type { Project } from '../Project'
import { pause } from './Backoff'
import type { Crew, Manned, Supplies } from './Crew'
import { Gateways } from './Gateways'
import { Generation } from './Generation'
import type { Hand } from './Hand'
import { Hands } from './Hands'
import { type CrewView, say, viewGateway, viewWorker } from './Inquiry'
import { lastHook } from './LastHook'
import { LifeSigns } from './LifeSigns'
import { Queue } from './Queue'
import { Replacements } from './Replacements'
import { Slots } from './Slots'
import { checkUnchangeable } from './Unchangeable'

/** Process mode: gateways, and workers that are replaced at will. */
export class ProcessCrew implements Crew {
  readonly #project: Project
  readonly #gateways: Gateways
  readonly #hands: Hands
  readonly #slots: Slots
  readonly #signs: LifeSigns
  readonly #replacements: Replacements
  /** Reloads, and the replacement of what is worn: one after the other. */
  readonly #changes = new Queue()
  #generations = 0
  #stopping = false

  /** @param socket gives the path of a unix socket of a name */
  constructor(project: Project, supplies: Supplies, workers: number, socket: (name: string) => string) {
    const { reactor_num, stall_limit } = supplies.config.setting
    const secret = randomBytes(32).toString('hex')
    const switches = new Queue()
    const now = () => ({ ...supplies, config: this.#slots.config })
    this.#project = project
    this.#signs = new LifeSigns(stall_limit * 1000)
    this.#gateways = new Gateways(
      { count: reactor_num, secret, socket, supplies: now, switches },
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
      supplies: now,
      gates: () => this.#gateways.living,
      made: (hand) => hand.child.on('unlinked', ({ path }) => this.#unlinked(hand, path)),
    })
    this.#slots = new Slots(workers, supplies.config, this.#gateways, switches)
    this.#replacements = new Replacements({
      hands: this.#hands,
      slots: this.#slots,
      signs: this.#signs,
      changes: this.#changes,
      retire: (hand) => this.#retire(hand),
    })
  }

  async start(): Promise<Manned> {
    Generation.clear(this.#project)
    try {
      const generation = Generation.take(this.#project, ++this.#generations)
      const engine = await this.#gateways.boot()
      const { hands } = await this.#hands.hire(generation, this.#slots.count)
      await this.#slots.fill(generation, hands)
      for (const hand of hands) this.#replacements.watch(hand)
      const ports = await this.#gateways.listen()
      return { engine, ports, gateways: this.#gateways.living.length, workers: hands.length }
    } catch (error) {
      const hands = this.#hands.all
      this.kill()
      await Promise.all([this.#gateways.ended(), ...hands.map((hand) => hand.child.ended)])
      Generation.clear(this.#project)
      throw error
    }
  }

  /** One after the other: a second reload waits for the first one. */
  reload(progress: (step: string) => void): Promise<void> {
    return this.#changes.run(() => this.#reload(progress))
  }

  async status(): Promise<CrewView> {
    const living = this.#gateways.living.map(({ child }) => viewGateway(child))
    const gateways = (await Promise.all(living)).flat()
    const started = this.#hands.all.filter((hand) => hand.started)
    const hands = started.map(({ child, id, generation }) => viewWorker(child, id, generation.number, gateways))
    return { gateways, workers: (await Promise.all(hands)).flat() }
  }

  say(text: string): Promise<Reached> {
    const [gate] = this.#gateways.living
    return say(gate?.child, text)
  }

  async stop(deadlineMs: number): Promise<boolean> {
    this.#stopping = true
    this.#replacements.stop()
    let clean = true
    const late = setTimeout(() => {
      clean = false
      this.kill()
    }, deadlineMs)
    const hands = this.#hands.all
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
    Generation.clear(this.#project)
    return clean
  }

  kill(): void {
    this.#stopping = true
    this.#replacements.stop()
    for (const hand of this.#hands.all) hand.child.kill()
    this.#gateways.kill()
    this.#signs.stop()
  }

  async #reload(progress: (step: string) => void): Promise<void> {
    if (this.#stopping) throw new Error('the server stops')
    const generation = Generation.take(this.#project, ++this.#generations)
    const { hands, old } = await this.#switchTo(generation)
    const { stall_limit } = this.#slots.config.setting
    this.#signs.limit(stall_limit * 1000)
    this.#replacements.reset()
    for (const hand of hands) this.#replacements.watch(hand)
    log.info({ generation: generation.number, workers: hands.map(({ id }) => id) }, 'reload: new code serves')
    progress(`${hands.length} new workers serve`)
    let left = old.hands.length
    await Promise.all(
      old.hands.map(async (hand) => {
        await this.#retire(hand, 'onReload')
        progress(`an old worker has ended, ${--left} left`)
      }),
    )
    old.generation?.drop()
    log.info({ generation: generation.number }, 'reload: the last old worker has ended')
  }

  /** Lets a new set of workers serve. @throws Error that says why nothing has changed */
  async #switchTo(generation: Generation) {
    let hands: Hand[] = []
    try {
      const hired = await this.#hands.hire(generation, this.#slots.count)
      hands = hired.hands
      checkUnchangeable({ ...this.#slots.config, outside: this.#project.config.outside }, hired.config)
      return { hands, old: await this.#slots.fill(generation, hands, hired.config) }
    } catch (error) {
      await Promise.all(hands.map((hand) => hand.discard()))
      generation.drop()
      throw error
    }
  }

  /** Ends a hand that serves no longer, when the calls in it have ended or their time is over. */
  async #retire(hand: Hand, hook?: 'onReload'): Promise<void> {
    const { max_wait_time } = this.#slots.config.setting
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
