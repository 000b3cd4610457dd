import { join } from 'node:path'
import type { AppConfig } from '../../Library/Config/Schema'
import { log } from '../../Library/Log/Log'
import { supervisorCounts } from '../Metrics/SupervisorCounts'
import type { Identity, Reached } from '../Orders'
import type { Project } from '../Project'
import { Backoff, pause } from './Backoff'
import { Child } from './Child'
import { type Crew, type Manned, START_GRACE_MS, STOP_GRACE_MS, type Supplies, waits } from './Crew'
import { type Audit, audit, type CrewView, type Errand, reach, viewGateway } from './Inquiry'
import { lastHook } from './LastHook'
import { closed, drain, HANDSHAKE_MS } from './MakeWay'
import { reservePorts } from './Ports'
import { Queue } from './Queue'
import { checkReload, checkRestart } from './Unchangeable'

const ENTRY = join(__dirname, '..', 'Base', 'main.js')

/** A process that has started. */
interface Started {
  readonly child: Child
  readonly engine: string
  /** What its code is configured to do. */
  readonly config: AppConfig
  /** What its fds begin with. */
  readonly identity: Identity | undefined
}

/** Base mode: one process. It dies with its connections, and a reload is a restart: another process takes its place. */
export class BaseCrew implements Crew {
  readonly #project: Project
  readonly #supplies: Supplies
  /** As it was configured: a port of 0 is 0. */
  #configured: AppConfig
  /** The public ports, as they were found. */
  #outside: AppConfig['outside']
  readonly #backoff = new Backoff()
  readonly #changes = new Queue()
  /** All that have not ended: the one that serves, and at a reload another one. */
  readonly #children = new Set<Child>()
  #serving: Started | undefined
  /** At a restart: the one that makes way. */
  #leaving: Started | undefined
  /** Instances that left a record behind, until there is a process that can be told. */
  #unreaped: Identity[] = []
  #starts = 0
  #stopping = false

  constructor(project: Project, supplies: Supplies) {
    this.#project = project
    this.#supplies = supplies
    this.#configured = project.config
    this.#outside = supplies.config.outside
  }

  get config(): AppConfig {
    return this.#configured
  }

  async start(meanwhile?: () => Promise<void>): Promise<Manned> {
    const started = await this.#boot(meanwhile)
    const { child, engine } = started
    try {
      const ports = await this.#listen(child, this.#outside)
      this.#serving = started
      child.ended.then((how) => this.#ended(started, how))
      return { engine, ports, gateways: 1, workers: 1 }
    } catch (error) {
      child.kill()
      await child.ended
      throw error
    }
  }

  reload(progress: (step: string) => void): Promise<void> {
    return this.#changes.run(() => this.#replace(checkReload, progress), waits(progress))
  }

  restart(progress: (step: string) => void): Promise<void> {
    return this.#changes.run(() => this.#replace(checkRestart, progress), waits(progress))
  }

  /** The worker is the gateway's own process, which counts its connections. */
  async status(): Promise<CrewView> {
    const children = [this.#leaving, this.#serving].flatMap((started) => started?.child ?? [])
    const views = await Promise.all(children.map((child) => viewGateway(child)))
    return { gateways: views.flat(), workers: [] }
  }

  reach(errand: Errand): Promise<Reached> {
    return reach(this.#serving?.child, errand)
  }

  audit(fix: boolean): Promise<Audit[]> {
    return audit(this.#serving ? [{ name: 'base', child: this.#serving.child }] : [], fix)
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
  async #boot(meanwhile = async () => {}): Promise<Started> {
    const child = new Child(ENTRY)
    this.#children.add(child)
    child.ended.then(() => this.#children.delete(child))
    const link = { paths: [], secret: '', worker: ++this.#starts }
    const { config: now } = this.#project
    try {
      await meanwhile()
      const limit = now.setting.stall_limit * 1000 + START_GRACE_MS
      const { engine = '', config = now, identity } = await child.boot({ ...this.#supplies, name: 'base', link }, limit)
      return { child, engine, config, identity }
    } catch (error) {
      child.kill()
      await child.ended
      throw error
    }
  }

  async #listen(child: Child, outside: AppConfig['outside']): Promise<Manned['ports']> {
    const { ports } = await child.ask({ order: 'listen', outside }, 'listening')
    this.#backoff.reset()
    for (const identity of this.#unreaped.splice(0)) child.order({ order: 'reap', identity })
    return ports
  }

  /**
   * Another process takes the place of the one that serves.
   * @param check throws if what it is configured to change cannot be changed
   */
  async #replace(check: typeof checkReload, progress: (step: string) => void): Promise<void> {
    if (this.#stopping) throw new Error('the server stops')
    const old = this.#serving
    const started = await this.#boot()
    const { child, config } = started
    try {
      const asked = this.#configured
      check(asked, config)
      const outside = await reservePorts(config.outside, { asked: asked.outside, ours: this.#outside })
      await this.#listen(child, outside)
      this.#outside = outside
    } catch (error) {
      child.kill()
      await child.ended
      throw error
    }
    this.#configured = config
    this.#serving = started
    this.#leaving = old
    child.ended.then((how) => this.#ended(started, how))
    if (old) await closed(old.child.ask({ order: 'unlisten' }, 'unlistened'))
    log.info('restarted with new code')
    progress('the new process serves; the old one makes way')
    if (old) await this.#leave(old, config.setting, progress)
    this.#leaving = undefined
    if (this.#stopping) throw new Error('the server stops')
    progress('the old process has ended')
  }

  /** Ends a process whose place another one has taken. */
  async #leave(old: Started, setting: AppConfig['setting'], progress: (step: string) => void): Promise<void> {
    const { child } = old
    const limitMs = setting.max_wait_time * 1000
    const handshakes = pause(HANDSHAKE_MS)
    // The embedded store is for one process that knows everybody: two must not serve for longer than it takes to close.
    const ms = this.#supplies.embedded ? 0 : setting.drain_time * 1000
    await drain(child, ms, (left) => progress(`${left} clients left`))
    await handshakes
    await Promise.race([child.ask({ order: 'hook', hook: 'onReload' }, 'hooked').catch(() => {}), pause(limitMs)])
    await child.stop({ order: 'stop', reason: 'restart' }, limitMs + STOP_GRACE_MS)
    if (!child.clean) this.#reap(old.identity)
  }

  async #stopInOrder(child: Child, deadlineMs: number): Promise<boolean> {
    if (!child.ready) {
      child.kill()
      await child.ended
      return true
    }
    try {
      await child.ask({ order: 'unlisten' }, 'unlistened')
      await lastHook(child, deadlineMs / 2)
      await child.stop({ order: 'stop', reason: 'serverStops' }, deadlineMs)
    } catch {
      // It ended in the middle of it: killed, died, or in good order at the end of a restart.
    }
    return child.clean
  }

  /** This process was killed, or died: the one that serves, or the next one, takes its connections off the record. */
  #reap(identity: Identity | undefined): void {
    if (identity === undefined) return
    const child = this.#serving?.child
    if (child?.alive) child.order({ order: 'reap', identity })
    else this.#unreaped.push(identity)
  }

  async #ended(started: Started, how: string): Promise<void> {
    if (this.#stopping || this.#serving !== started) return
    const { child } = started
    this.#reap(started.identity)
    log.fatal({ pid: child.pid }, `the process ${how}; its connections are lost; it is started again`)
    while (!this.#stopping) {
      await pause(this.#backoff.next())
      if (this.#stopping || this.#serving !== started) return // a restart was faster
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
