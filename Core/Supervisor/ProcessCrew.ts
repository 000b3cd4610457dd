import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { AppConfig } from '../../Library/Config/Schema'
import { log } from '../../Library/Log/Log'
import type { Project } from '../Project'
import { clearSocketPath } from '../Store/SocketPath'
import { Backoff, pause } from './Backoff'
import { Child } from './Child'
import type { Crew, Manned, Supplies } from './Crew'
import { Generation } from './Generation'
import { Hand } from './Hand'
import { lastHook } from './LastHook'
import { LifeSigns } from './LifeSigns'
import { Queue } from './Queue'
import { checkUnchangeable } from './Unchangeable'

const GATEWAY = join(__dirname, '..', 'Gateway', 'main.js')

/** Process mode: a gateway, and workers that are replaced at will. */
export class ProcessCrew implements Crew {
  readonly #project: Project
  readonly #supplies: Supplies
  readonly #socket: string
  readonly #secret = randomBytes(32).toString('hex')
  readonly #signs: LifeSigns
  /** One backoff a slot, so that one bad slot does not slow the others down. */
  readonly #backoffs: Backoff[]
  /** That of the code which serves; the ports are those that were found at the start. */
  #config: AppConfig
  #gateway: Child | undefined
  /** Every worker that has not ended: those that serve, those to come and those that go. */
  readonly #hands = new Map<number, Hand>()
  /** Those that serve. */
  #slots: (Hand | undefined)[] = []
  #generation: Generation | undefined
  #numbers = { worker: 0, generation: 0 }
  /** Reloads and replacements. */
  readonly #changes = new Queue()
  /** What the gateway is told of the slots, and what stands in them. */
  readonly #switches = new Queue()
  #stopping = false

  /** @param socket path of the unix socket on which workers join the gateway */
  constructor(project: Project, supplies: Supplies, workers: number, socket: string) {
    this.#project = project
    this.#supplies = supplies
    this.#config = supplies.config
    this.#socket = socket
    this.#backoffs = Array.from({ length: workers }, () => new Backoff())
    this.#signs = new LifeSigns(supplies.config.setting.stall_limit * 1000)
  }

  async start(): Promise<Manned> {
    Generation.clear(this.#project)
    try {
      this.#generation = Generation.take(this.#project, ++this.#numbers.generation)
      return await this.#open(this.#generation)
    } catch (error) {
      this.kill()
      await Promise.all([...this.#hands.values()].map((hand) => hand.child.ended))
      await this.#gateway?.ended
      this.#removeFiles()
      throw error
    }
  }

  /** Starts a gateway, and workers of this generation. */
  async #open(generation: Generation): Promise<Manned> {
    await clearSocketPath(this.#socket) // a gateway that was killed leaves its own behind
    const gateway = new Child(GATEWAY)
    this.#gateway = gateway
    gateway.on('drained', ({ worker }) => this.#hands.get(worker)?.drained())
    gateway.on('broken', ({ worker, reason }) => this.#broken(worker, reason))
    const link = { paths: [this.#socket], secret: this.#secret, worker: 0 }
    const { engine = '' } = await gateway.boot({ ...this.#supplies, config: this.#config, name: 'gateway', link })
    const { hands } = await this.#hire(generation)
    this.#slots = hands
    await this.#assign(hands)
    gateway.ended.then((how) => this.#gatewayEnded(gateway, how))
    for (const hand of hands) this.#watch(hand)
    const { ports } = await gateway.ask({ order: 'listen' }, 'listening')
    return { engine, ports, workers: hands.length }
  }

  /** One after the other: a second reload waits for the first one. */
  reload(): Promise<void> {
    return this.#changes.run(() => this.#reload())
  }

  async stop(deadlineMs: number): Promise<boolean> {
    this.#stopping = true
    let clean = true
    const late = setTimeout(() => {
      clean = false
      this.kill()
    }, deadlineMs)
    const hands = [...this.#hands.values()]
    try {
      await this.#gateway?.ask({ order: 'unlisten' }, 'unlistened')
      const told = await Promise.all(hands.map((hand) => lastHook(hand.child, deadlineMs / 2)))
      if (told.includes(false)) clean = false
      await this.#gateway?.stop({ order: 'stop', reason: 'serverStops' }, deadlineMs)
    } catch (error) {
      log.error({ err: error }, 'the gateway ended before it had stopped in good order')
      clean = false
    }
    await Promise.all(hands.map((hand) => hand.end()))
    clearTimeout(late)
    this.#signs.stop()
    this.#removeFiles()
    return clean
  }

  kill(): void {
    this.#stopping = true
    for (const hand of this.#hands.values()) hand.child.kill()
    this.#gateway?.kill()
    this.#signs.stop()
  }

  #removeFiles(): void {
    Generation.clear(this.#project)
    rmSync(this.#socket, { force: true })
  }

  async #reload(): Promise<void> {
    if (this.#stopping) throw new Error('the server stops')
    const generation = Generation.take(this.#project, ++this.#numbers.generation)
    let hands: Hand[] = []
    let old: { hands: Hand[]; generation: Generation | undefined }
    try {
      const hired = await this.#hire(generation)
      hands = hired.hands
      checkUnchangeable({ ...this.#config, outside: this.#project.config.outside }, hired.config)
      old = await this.#commit(generation, hired.hands, hired.config)
    } catch (error) {
      await Promise.all(hands.map((hand) => hand.discard()))
      generation.drop()
      throw error
    }
    log.info({ generation: generation.number, workers: hands.map(({ id }) => id) }, 'reload: new code serves')
    await Promise.all(old.hands.map((hand) => this.#retire(hand, 'onReload')))
    old.generation?.drop()
    log.info({ generation: generation.number }, 'reload: the last old worker has ended')
  }

  /** Lets a new set of workers serve. @returns what served before @throws Error when one of them has died; nothing has changed then */
  #commit(generation: Generation, hands: readonly Hand[], config: AppConfig) {
    return this.#switches.run(async () => {
      await this.#assign(hands, config)
      const old = { hands: this.#slots.flatMap((hand) => hand ?? []), generation: this.#generation }
      this.#slots = [...hands]
      this.#generation = generation
      this.#config = { ...config, outside: this.#config.outside }
      this.#signs.limit(config.setting.stall_limit * 1000)
      for (const backoff of this.#backoffs) backoff.reset()
      for (const hand of hands) this.#watch(hand)
      return old
    })
  }

  /** Starts a whole set of workers. @throws Error of the first that does not start; the others are ended then */
  async #hire(generation: Generation): Promise<{ hands: Hand[]; config: AppConfig }> {
    const hands = this.#backoffs.map(() => this.#newHand(generation))
    try {
      const [config] = await Promise.all(hands.map((hand) => this.#boot(hand)))
      if (config === undefined) throw new Error('there are no workers to start')
      return { hands, config }
    } catch (error) {
      await Promise.all(hands.map((hand) => hand.discard()))
      throw error
    }
  }

  #newHand(generation: Generation): Hand {
    const hand = new Hand(++this.#numbers.worker, generation)
    this.#hands.set(hand.id, hand)
    hand.child.ended.then(() => this.#hands.delete(hand.id))
    return hand
  }

  #boot(hand: Hand): Promise<AppConfig> {
    return hand.boot({ ...this.#supplies, config: this.#config }, { paths: [this.#socket], secret: this.#secret })
  }

  /** Lets the gateway give each slot to its hand. @throws Error when one of them has died meanwhile */
  async #assign(hands: readonly (Hand | undefined)[], config?: AppConfig): Promise<void> {
    const workers = hands.map((hand) => hand?.id ?? null)
    const order = { order: 'assign' as const, workers, ...(config ? { config } : {}) }
    const answer = await this.#gateway?.ask(order, 'assigned')
    if (answer === undefined || answer.missing.length === 0) return
    throw new Error(`worker ${answer.missing.join(', ')} died before it could serve; nothing has changed`)
  }

  /** From now on the hand is replaced when it dies, stands still or wears out. */
  #watch(hand: Hand): void {
    this.#signs.watch(hand)
    hand.child.on('worn', ({ reason }) => this.#worn(hand, reason))
    hand.child.ended.then((how) => this.#died(hand, how))
  }

  async #died(hand: Hand, how: string): Promise<void> {
    const slot = this.#slots.indexOf(hand)
    if (this.#stopping || slot < 0) return
    this.#slots[slot] = undefined
    log.fatal({ worker: hand.id, pid: hand.child.pid }, `a worker ${how}; no connection is lost; it is replaced`)
    const backoff = this.#backoffs[slot] ?? new Backoff()
    while (!this.#stopping && this.#slots[slot] === undefined) {
      const generation = this.#generation
      if (generation === undefined) return
      const next = this.#newHand(generation)
      try {
        await this.#boot(next)
        backoff.reset()
        if (await this.#place(next, slot)) return
      } catch (error) {
        log.error(
          { err: error, worker: next.id, crashLoop: backoff.looping },
          'a worker does not start; it is tried again',
        )
      }
      await next.discard()
      await pause(backoff.next())
    }
  }

  /** Gives an empty slot to a hand, unless a reload has filled it meanwhile. */
  #place(hand: Hand, slot: number): Promise<boolean> {
    return this.#switches.run(async () => {
      if (this.#stopping || this.#slots[slot] !== undefined || hand.generation !== this.#generation) return false
      await this.#assign(this.#slots.with(slot, hand))
      this.#slots[slot] = hand
      this.#watch(hand)
      log.info({ worker: hand.id, pid: hand.child.pid }, 'a new worker serves')
      return true
    })
  }

  /** Replaces a hand when its turn has come; one that could not be replaced is so later. */
  async #worn(hand: Hand, reason: string): Promise<void> {
    const slot = this.#slots.indexOf(hand)
    const backoff = this.#backoffs[slot]
    if (this.#stopping || backoff === undefined) return
    if (await this.#changes.run(() => this.#recycle(hand, slot, reason))) return backoff.reset()
    await pause(backoff.next())
    await this.#worn(hand, reason)
  }

  /** Replaces one hand by a new one of the same code, which is ready before the old one goes. @returns whether that went well */
  async #recycle(hand: Hand, slot: number, reason: string): Promise<boolean> {
    if (this.#stopping || this.#slots[slot] !== hand) return true // a reload, or its death, was faster
    const next = this.#newHand(hand.generation)
    try {
      await this.#boot(next)
      await this.#switches.run(async () => {
        await this.#assign(this.#slots.with(slot, next))
        this.#slots[slot] = next
        this.#watch(next)
      })
    } catch (error) {
      log.error({ err: error, worker: hand.id }, 'a worn worker could not be replaced yet and goes on')
      await next.discard()
      return false
    }
    log.info({ worker: hand.id, by: next.id, reason }, 'a worker is replaced')
    await this.#retire(hand)
    return true
  }

  /** Ends a hand that serves no longer, when the calls in it have ended or their time is over. */
  async #retire(hand: Hand, hook?: 'onReload'): Promise<void> {
    const { max_wait_time } = this.#config.setting
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

  /** Its connections are lost, so everything begins anew. */
  async #gatewayEnded(gateway: Child, how: string): Promise<void> {
    if (this.#stopping || this.#gateway !== gateway) return
    log.fatal({ pid: gateway.pid }, `the gateway ${how}; its connections are lost; everything is started again`)
    const backoff = new Backoff()
    while (!this.#stopping) {
      this.#slots = []
      await Promise.all([...this.#hands.values()].map((hand) => hand.discard()))
      const generation = this.#generation
      if (generation === undefined) return
      try {
        const { ports } = await this.#open(generation)
        log.info({ ports }, 'started again')
        return
      } catch (error) {
        this.#gateway?.kill()
        log.error({ err: error, crashLoop: backoff.looping }, 'the gateway does not start; it is tried again')
        await pause(backoff.next())
      }
    }
  }
}
