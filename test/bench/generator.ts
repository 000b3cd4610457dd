import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { CrewOptions, Window } from './crew'
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
    const answer = await this.#order({ order: 'load', crew, pids, warmUp, duration, rate })
    if (!('window' in answer) || answer.window === undefined) throw new Error('the load generator measured nothing')
    return answer.window
  }

  async close(crew: string): Promise<void> {
    await this.#order({ order: 'close', crew })
  }

  stop(): void {
    this.#process.disconnect()
  }

  async #order(order: LoadOrder): Promise<LoadAnswer> {
    this.#process.send(order)
    const [answer]: LoadAnswer[] = await Promise.race([once(this.#process, 'message'), this.#died])
    if (answer === undefined || 'error' in answer) throw new Error(answer?.error)
    return answer
  }
}
