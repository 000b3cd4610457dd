import { configureLog, log } from '../../Library/Log/Log'
import { dieOfErrors, EXIT, exit } from '../Handler'
import { Manager } from '../Manager/Manager'
import type { Status } from '../Manager/Status'
import { announceAddress, issueToken, withdraw } from '../Manager/Token'
import { Pulse } from '../Metrics/Pulse'
import { supervisorCounts } from '../Metrics/SupervisorCounts'
import type { Project } from '../Project'
import { SCRIPTS } from '../Record/Scripts'
import { openEmbeddedStore, type Store } from '../Store/Store'
import { Backoff, pause } from './Backoff'
import { BaseCrew } from './BaseCrew'
import { type Crew, type Manned, STOP_GRACE_MS, type Supplies } from './Crew'
import type { CrewView } from './Inquiry'
import { exposition, type Obstacle, obstacleOfGateways, overview } from './Overview'
import { reservePorts } from './Ports'
import { ProcessCrew } from './ProcessCrew'
import { Runtime } from './Runtime'

/** What is told to whoever started the server. */
export interface Started extends Manned {
  readonly store: string
  /** The real port of the manager. */
  readonly manager: number
}

/** The socket of the embedded store. */
const STORE = 'store.sock'

/**
 * Signals that come so soon after the first one are the same one again, in milliseconds: a terminal signals the whole group, and npm
 * and timeout pass on what they get.
 */
const SAME_SIGNAL_MS = 500

/** Starts, watches and replaces the other processes. It has no client sockets, and signals go to it. */
export class Supervisor {
  readonly #project: Project
  readonly #runtime: Runtime
  #store: Store | undefined
  #crew: Crew | undefined
  #manager: Manager | undefined
  readonly #pulse = new Pulse(() => this.#view())
  #serving = false
  #stopping = false
  #stoppedAt = 0
  #forced = false
  /** Resolves when the start has succeeded or failed. */
  #started: Promise<unknown> = Promise.resolve()

  /** @throws Error when the Runtime folder cannot be used */
  constructor(project: Project) {
    this.#project = project
    // Before the pid stands in the folder, where whoever reads it may signal at once.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => this.stop(signal))
    process.on('SIGHUP', () => this.reload('SIGHUP').catch(() => {}))
    this.#runtime = new Runtime(project.runtime)
    configureLog({ ...project.config.log, runtime: project.runtime, name: 'supervisor' })
  }

  /**
   * Starts everything.
   * @throws Error that says why it cannot; nothing is left behind then
   */
  async start(): Promise<Started> {
    dieOfErrors()
    const starting = this.#start()
    this.#started = starting.catch(() => {})
    try {
      return await starting
    } catch (error) {
      // A stop that came meanwhile is what ends the process.
      if (this.#stopping) return new Promise(() => {})
      this.#crew?.kill()
      await this.#leave()
      throw error
    }
  }

  /**
   * Brings new code in.
   * @param progress told of each step, for people
   * @throws Error that says why nothing has changed; it is logged, too
   */
  reload(reason: string, progress?: (step: string) => void): Promise<void> {
    return this.#change('reload', reason, progress)
  }

  /**
   * Replaces every process; while it does so the server takes clients all the time.
   * @param progress told of each step, for people
   * @throws Error that says why nothing has changed; it is logged, too
   */
  restart(reason: string, progress?: (step: string) => void): Promise<void> {
    return this.#change('restart', reason, progress)
  }

  async #change(how: 'reload' | 'restart', reason: string, progress: (step: string) => void = () => {}): Promise<void> {
    await this.#started // before that there is nothing to change
    if (this.#stopping) throw new Error('the server stops')
    log.info({ reason }, how)
    const counts = supervisorCounts[how === 'reload' ? 'reloads' : 'restarts']
    try {
      await this.#crew?.[how](progress)
      counts.ok++
    } catch (error) {
      if (this.#stopping) throw new Error('the server stops')
      counts.failed++
      log.error({ err: error }, `${how} failed: the old code goes on`)
      throw error
    }
  }

  async #view(): Promise<CrewView> {
    return (await this.#crew?.status()) ?? { gateways: [], workers: [] }
  }

  async #status(): Promise<Status> {
    return overview(await this.#view(), { obstacle: this.#obstacle, store: this.#storeLabel, pulse: this.#pulse })
  }

  async #metrics(): Promise<string> {
    return exposition(await this.#view(), this.#obstacle)
  }

  /** Why new clients are not welcome; undefined: they are. */
  get #obstacle(): Obstacle | undefined {
    if (this.#stopping) return 'stopping'
    return this.#serving ? obstacleOfGateways() : 'starting'
  }

  /** Ends everything in good order; asked a second time, at once. */
  async stop(reason: string): Promise<void> {
    if (this.#stopping) {
      if (performance.now() - this.#stoppedAt < SAME_SIGNAL_MS) return
      log.warn({ reason }, 'asked to stop a second time: not waiting any longer')
      this.#forced = true
      this.#crew?.kill()
      return
    }
    this.#stopping = true
    this.#stoppedAt = performance.now()
    log.info({ reason }, 'stopping')
    const { setting } = (this.#crew ?? this.#project).config
    const deadline = setting.max_wait_time * 1000 + STOP_GRACE_MS
    // Before it serves nobody is there to be told.
    if (!this.#serving) this.#crew?.kill()
    const clean = !this.#serving || ((await this.#crew?.stop(deadline)) ?? true)
    // A store that is about to come would stay behind.
    await this.#started
    if (!clean) log.error('what did not stop in time was killed')
    await this.#leave()
    exit(clean && !this.#forced ? EXIT.done : EXIT.failed)
  }

  get #storeLabel(): string {
    return this.#store?.label ?? 'Redis'
  }

  async #start(): Promise<Started> {
    const supplies = await this.#supply()
    if (this.#stopping) throw new Error('asked to stop before it had started')
    const crew = this.#hire(supplies)
    this.#crew = crew
    let manager = 0
    const manned = await crew.start(async () => {
      manager = await this.#openManager()
      if (supplies.embedded) await this.#openStore()
    })
    await this.#pulse.start()
    this.#serving = true
    const store = this.#storeLabel
    log.info({ ...manned, store, manager }, 'started')
    return { ...manned, store, manager }
  }

  async #openManager(): Promise<number> {
    const { runtime, config } = this.#project
    this.#manager = new Manager(
      {
        reload: (progress) => this.reload('manager port', progress),
        restart: (progress) => this.restart('manager port', progress),
        stop: () => this.stop('manager port'),
        status: () => this.#status(),
        reach: (errand) => this.#crew?.reach(errand) ?? Promise.reject(new Error('the server starts')),
        audit: async (fix) => (await this.#crew?.audit(fix)) ?? [],
        metrics: () => this.#metrics(),
        obstacle: () => this.#obstacle,
      },
      issueToken(runtime, config.manager.token),
    )
    const port = await this.#manager.listen(config.manager)
    announceAddress(runtime, config.manager.host, port)
    return port
  }

  #hire(supplies: Supplies): Crew {
    const { setting } = this.#project.config
    if (setting.mode === 'base') {
      if (setting.reactor_num > 1) log.warn('setting.reactor_num means nothing in base mode, which is one process')
      return new BaseCrew(this.#project, supplies)
    }
    return new ProcessCrew(this.#project, supplies, (name) => this.#runtime.socket(name))
  }

  async #supply(): Promise<Supplies> {
    const { folder, root, runtime, config, cache } = this.#project
    const outside = await reservePorts(config.outside)
    const embedded = cache.master.url === ''
    const supplies = { folder, root, runtime, config: { ...config, outside }, cache, embedded }
    if (!embedded) return supplies
    const url = this.#runtime.socket(STORE)
    return {
      ...supplies,
      cache: { master: { ...cache.master, url }, task: { ...cache.task, url: cache.task.url || url } },
    }
  }

  async #openStore(): Promise<void> {
    this.#store = await openEmbeddedStore({
      runtime: this.#project.runtime,
      socket: this.#runtime.socket(STORE),
      scripts: SCRIPTS,
      log: (message) => log.warn(message),
    })
    this.#store.onLost((reason) => this.#storeLost(reason))
  }

  /** It comes back empty; the gateway writes down again who is connected. */
  async #storeLost(reason: string): Promise<void> {
    log.error({ reason }, 'the embedded store ended; it is started again')
    const backoff = new Backoff()
    while (!this.#stopping) {
      try {
        return await this.#openStore()
      } catch (error) {
        log.error({ err: error, crashLoop: backoff.looping }, 'the embedded store does not start; it is tried again')
        await pause(backoff.next())
      }
    }
  }

  async #leave(): Promise<void> {
    this.#pulse.stop()
    this.#manager?.close()
    withdraw(this.#project.runtime)
    await this.#store?.close()
    this.#runtime.leave()
  }
}
