import { join } from 'node:path'
import { log } from '../../Library/Log/Log'
import { supervisorCounts } from '../Metrics/SupervisorCounts'
import type { Identity, Reached } from '../Orders'
import type { Project } from '../Project'
import { Backoff, pause } from './Backoff'
import { Child } from './Child'
import { type Crew, type Manned, START_GRACE_MS, type Supplies } from './Crew'
import { type CrewView, say, viewGateway } from './Inquiry'
import { lastHook } from './LastHook'
import { Queue } from './Queue'
import { checkUnchangeable } from './Unchangeable'

const ENTRY = join(__dirname, '..', 'Base', 'main.js')

/** A process that has started. */
interface Started {
  readonly child: Child
  readonly engine: string
  /** What its fds begin with. */
  readonly identity: Identity | undefined
}

/** Base mode: one process. It dies with its connections, and a reload is a restart. */
export class BaseCrew implements Crew {
  readonly #project: Project
  readonly #supplies: Supplies
  readonly #backoff = new Backoff()
  readonly #changes = new Queue()
  /** All that have not ended: the one that serves, and at a reload another one. */
  readonly #children = new Set<Child>()
  #serving: Started | undefined
  /** Instances that left a record behind, until there is a process that can be told. */
  #unreaped: Identity[] = []
  #starts = 0
  #stopping = false

  constructor(project: Project, supplies: Supplies) {
    this.#project = project
    this.#supplies = supplies
  }

  async start(): Promise<Manned> {
    const started = await this.#boot()
    const { child, engine } = started
    this.#serving = started
    try {
      const ports = await this.#listen(child)
      child.ended.then((how) => this.#ended(started, how))
      return { engine, ports, gateways: 1, workers: 1 }
    } catch (error) {
      child.kill()
      await child.ended
      throw error
    }
  }

  /** One after the other: a second reload waits for the first one. */
  reload(progress: (step: string) => void): Promise<void> {
    return this.#changes.run(() => this.#reload(progress))
  }

  /** The worker is the gateway's own process, which counts its connections. */
  async status(): Promise<CrewView> {
    const child = this.#serving?.child
    return { gateways: child ? await viewGateway(child) : [], workers: [] }
  }

  say(text: string): Promise<Reached> {
    return say(this.#serving?.child, text)
  }

  async stop(deadlineMs: number): Promise<boolean> {
    this.#stopping = true
    const late = setTimeout(() => this.kill(), deadlineMs)
    const stopped = await Promise.all([...this.#children].map((child) => this.#stopInOrder(child, deadlineMs)))
    clearTimeout(late)
    return stopped.every((clean) => clean)
  }

  kill(): void {
    this.#stopping = true
    for (const child of this.#children) child.kill()
  }

  /** Starts a process that does not yet listen. @throws Error that says why it does not start; it has ended then */
  async #boot(): Promise<Started> {
    const child = new Child(ENTRY)
    this.#children.add(child)
    child.ended.then(() => this.#children.delete(child))
    const link = { paths: [], secret: '', worker: ++this.#starts }
    const { config: now } = this.#project
    try {
      const limit = now.setting.stall_limit * 1000 + START_GRACE_MS
      const { engine = '', config = now, identity } = await child.boot({ ...this.#supplies, name: 'base', link }, limit)
      if (this.#serving?.child.alive) checkUnchangeable(now, config)
      return { child, engine, identity }
    } catch (error) {
      child.kill()
      await child.ended
      throw error
    }
  }

  async #listen(child: Child): Promise<Manned['ports']> {
    const { ports } = await child.ask({ order: 'listen' }, 'listening')
    this.#backoff.reset()
    for (const identity of this.#unreaped.splice(0)) child.order({ order: 'reap', identity })
    return ports
  }

  /** The new process is ready, but for its ports, before the old one goes: code that does not start changes nothing. */
  async #reload(progress: (step: string) => void): Promise<void> {
    if (this.#stopping) throw new Error('the server stops')
    const started = await this.#boot()
    const { child } = started
    const old = this.#serving
    this.#serving = started
    child.ended.then((how) => this.#ended(started, how))
    const limit = this.#supplies.config.setting.max_wait_time * 1000
    const told = old?.child.ask({ order: 'hook', hook: 'onReload' }, 'hooked').catch(() => {})
    await Promise.race([told, pause(limit)])
    const stopped = await old?.child.stop({ order: 'stop', reason: 'restart' }, limit)
    if (stopped === false) this.#leavesBehind(old)
    try {
      await this.#listen(child)
    } catch (error) {
      child.kill() // its end lets everything begin anew
      throw error
    }
    progress('the new process serves')
    log.info('restarted with new code')
  }

  async #stopInOrder(child: Child, deadlineMs: number): Promise<boolean> {
    try {
      await child.ask({ order: 'unlisten' }, 'unlistened')
      await lastHook(child, deadlineMs / 2)
      return await child.stop({ order: 'stop', reason: 'serverStops' }, deadlineMs)
    } catch {
      return false // it ended in the middle of it: killed, or died
    }
  }

  /** It was killed, or died: nobody has taken its connections off the record. */
  #leavesBehind(started: Started | undefined): void {
    if (started?.identity !== undefined) this.#unreaped.push(started.identity)
  }

  async #ended(started: Started, how: string): Promise<void> {
    if (this.#stopping || this.#serving !== started) return
    const { child } = started
    this.#leavesBehind(started)
    log.fatal({ pid: child.pid }, `the process ${how}; its connections are lost; it is started again`)
    while (!this.#stopping) {
      await pause(this.#backoff.next())
      if (this.#stopping) return
      try {
        const { ports } = await this.start()
        supervisorCounts.gatewaysReplaced++
        log.info({ ports }, 'started again')
        return
      } catch (error) {
        log.error({ err: error, crashLoop: this.#backoff.looping }, 'the process does not start; it is tried again')
      }
    }
  }
}
