import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { CrewOptions, Window } from './crew'
import type { CrowdOptions, FanWindow } from './fanout/crowd'
import type { LoadAnswer, LoadOrder } from './load'

/** The load generator, in a process of its own on a core of its own. */
export class Generator {
  readonly #process: ChildProcess
  readonly #died: Promise<never>

  constructor(core: number) {
    this.#process = spawn('taskset', ['-c', String(core), process.execPath, join(__dirname, 'load.js')], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#died = once(this.#process, 'exit').then(() => {
      throw new Error('the load generator died')
    })
    this.#died.catch(() => {}) // after `stop` nobody asks
  }

  async open(crew: string, options: CrewOptions): Promise<void> {
    await this.#order({ order: 'open', crew, options })
  }

  /** Times are milliseconds. @param rate calls a second; 0: as fast as the answers come */
  async load(crew: string, pids: number[], warmUp: number, duration: number, rate = 0): Promise<Window> {
    const { window } = await this.#order({ order: 'load', crew, pids, warmUp, duration, rate })
    if (window === undefined) throw new Error('the load generator measured nothing')
    return window
  }

  async close(crew: string): Promise<void> {
    await this.#order({ order: 'close', crew })
  }

  /** @returns what the members were welcomed with */
  async gather(crowd: string, options: CrowdOptions): Promise<readonly string[]> {
    return (await this.#order({ order: 'gather', crowd, options })).welcomes ?? []
  }

  /** Times are milliseconds. @param store pids of redis-server, counted apart */
  async fanOut(crowd: string, server: number[], store: number[], warmUp: number, duration: number): Promise<FanWindow> {
    const { fanWindow } = await this.#order({ order: 'fanOut', crowd, server, store, warmUp, duration })
    if (fanWindow === undefined) throw new Error('the load generator measured nothing')
    return fanWindow
  }

  async disperse(crowd: string): Promise<void> {
    await this.#order({ order: 'disperse', crowd })
  }

  stop(): void {
    this.#process.disconnect()
  }

  async #order(order: LoadOrder): Promise<Exclude<LoadAnswer, { error: string }>> {
    this.#process.send(order)
    const [answer]: LoadAnswer[] = await Promise.race([once(this.#process, 'message'), this.#died])
    if (answer === undefined || 'error' in answer) throw new Error(answer?.error)
    return answer
  }
}
