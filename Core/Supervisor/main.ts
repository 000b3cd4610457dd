import { join } from 'node:path'
import { configureLog, log } from '../../Library/Log/Log'
import { dieOfErrors, EXIT, exit } from '../Handler'
import type { Boot } from '../Orders'
import { SCRIPTS } from '../Record/Scripts'
import { openEmbeddedStore, type Store } from '../Store/Store'
import { Child } from './Child'
import { reservePorts } from './Ports'
import type { Project } from './Project'
import { Runtime } from './Runtime'

/** What is told to whoever started the server. */
export interface Started {
  readonly engine: string
  readonly ports: Readonly<Record<string, number>>
  readonly store: string
}

/** Time that a stop has beyond what its hooks may take, in milliseconds. */
const STOP_GRACE_MS = 2000

/** How long a process that died is left dead: doubled with each death, back to the first once one has become ready. */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000

/** Starts, watches and replaces the other processes. It has no client sockets, and signals go to it. */
export class Supervisor {
  readonly #project: Project
  readonly #runtime: Runtime
  #store: Store | undefined
  #child: Child | undefined
  #stopping = false

  /** @throws Error when the Runtime folder cannot be used */
  constructor(project: Project) {
    this.#project = project
    this.#runtime = new Runtime(project.runtime)
    configureLog({ runtime: project.runtime, name: 'supervisor', ...project.config.log })
  }

  /**
   * Starts everything.
   * @throws Error that says why it cannot; nothing is left behind then
   */
  async start(): Promise<Started> {
    dieOfErrors()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => this.stop(signal))
    try {
      const boot = await this.#prepare()
      const child = new Child(ENTRY)
      this.#child = child
      const { engine, ports } = await child.boot(boot)
      this.#watch(child, boot)
      const store = this.#store?.label ?? 'Redis'
      log.info({ ports, store, engine, pid: child.pid }, 'started')
      return { engine, ports, store }
    } catch (error) {
      await this.#leave()
      throw error
    }
  }

  /** Ends everything in good order; asked a second time, at once. */
  async stop(reason: string): Promise<void> {
    if (this.#stopping) {
      log.warn({ reason }, 'asked to stop a second time: not waiting any longer')
      this.#child?.kill()
      return
    }
    this.#stopping = true
    log.info({ reason }, 'stopping')
    const deadline = this.#project.config.setting.max_wait_time * 1000 + STOP_GRACE_MS
    const clean = (await this.#child?.stop(deadline)) ?? true
    if (!clean) log.error('a process did not stop in time and was killed')
    await this.#leave()
    exit(clean ? EXIT.done : EXIT.failed)
  }

  async #prepare(): Promise<Boot> {
    const { root, runtime, config, cache } = this.#project
    const outside = await reservePorts(config.outside)
    const boot = { root, runtime, config: { ...config, outside }, cache, embedded: cache.master.url === '' }
    if (!boot.embedded) return boot
    this.#store = await openEmbeddedStore({
      runtime,
      socket: this.#runtime.socket('store.sock'),
      scripts: SCRIPTS,
      log: (message) => log.warn(message),
    })
    const url = this.#store.path
    this.#store.onLost((reason) => log.error({ reason }, 'the embedded store ended'))
    return { ...boot, cache: { master: { ...cache.master, url }, task: { ...cache.task, url: cache.task.url || url } } }
  }

  /** A process that dies is started again. */
  async #watch(child: Child, boot: Boot): Promise<void> {
    let pause = FIRST_PAUSE_MS
    for (let current = child; ; ) {
      const how = await current.ended
      if (this.#stopping) return
      log.fatal({ pid: current.pid }, `the process ${how}; all its connections are lost; it is started again`)
      await new Promise((resolve) => setTimeout(resolve, pause))
      if (this.#stopping) return
      current = new Child(ENTRY)
      this.#child = current
      try {
        await current.boot(boot)
        pause = FIRST_PAUSE_MS
        log.info({ pid: current.pid }, 'started again')
      } catch (error) {
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
        log.error({ err: error, pause }, 'the process does not start; the next try comes after a pause (ms)')
      }
    }
  }

  async #leave(): Promise<void> {
    this.#child?.kill()
    await this.#child?.ended
    await this.#store?.close()
    this.#runtime.leave()
  }
}

const ENTRY = join(__dirname, '..', 'Base', 'main.js')
