import { join } from 'node:path'
import { log } from '../../Library/Log/Log'
import { Backoff, pause } from './Backoff'
import { Child } from './Child'
import type { Crew, Manned, Supplies } from './Crew'
import { lastHook } from './LastHook'

const ENTRY = join(__dirname, '..', 'Base', 'main.js')

/** Base mode: one process. It dies with its connections, and a reload is a restart. */
export class BaseCrew implements Crew {
  readonly #supplies: Supplies
  readonly #backoff = new Backoff()
  #child: Child | undefined
  #starts = 0
  #stopping = false

  constructor(supplies: Supplies) {
    this.#supplies = supplies
  }

  async start(): Promise<Manned> {
    const child = new Child(ENTRY)
    this.#child = child
    const link = { path: '', secret: '', worker: ++this.#starts }
    const { engine = '' } = await child.boot({ ...this.#supplies, name: 'base', link })
    const { ports } = await child.ask({ order: 'listen' }, 'listening')
    this.#backoff.reset()
    child.ended.then((how) => this.#ended(child, how))
    return { engine, ports, workers: 1 }
  }

  async reload(): Promise<void> {
    const old = this.#child
    this.#child = undefined
    const deadline = this.#supplies.config.setting.max_wait_time * 1000
    await old?.ask({ order: 'hook', hook: 'onReload' }, 'hooked')
    await old?.stop({ order: 'stop', reason: 'restart' }, deadline)
    await this.start()
    log.info('restarted with new code')
  }

  async stop(deadlineMs: number): Promise<boolean> {
    this.#stopping = true
    const child = this.#child
    if (child === undefined || !child.alive) return true
    const late = setTimeout(() => child.kill(), deadlineMs)
    const { clean } = await this.#stopInOrder(child, deadlineMs)
    clearTimeout(late)
    return clean
  }

  kill(): void {
    this.#stopping = true
    this.#child?.kill()
  }

  async #stopInOrder(child: Child, deadlineMs: number): Promise<{ clean: boolean }> {
    try {
      await child.ask({ order: 'unlisten' }, 'unlistened')
      await lastHook(child, deadlineMs / 2)
      return { clean: await child.stop({ order: 'stop', reason: 'serverStops' }, deadlineMs) }
    } catch {
      return { clean: false } // it ended in the middle of it: killed, or died
    }
  }

  async #ended(child: Child, how: string): Promise<void> {
    if (this.#stopping || this.#child !== child) return
    log.fatal({ pid: child.pid }, `the process ${how}; its connections are lost; it is started again`)
    while (!this.#stopping) {
      await pause(this.#backoff.next())
      if (this.#stopping) return
      try {
        const { ports } = await this.start()
        log.info({ ports }, 'started again')
        return
      } catch (error) {
        this.#child?.kill()
        log.error({ err: error, crashLoop: this.#backoff.looping }, 'the process does not start; it is tried again')
      }
    }
  }
}
