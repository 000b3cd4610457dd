import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { FleetOptions, LoadAnswer, LoadOrder, LoadRequest } from './load'
import type { Window } from './meter'

/** The load generator, in a process of its own. */
export class Generator {
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown>
  readonly #died: Promise<never>

  /** @param core the one that it runs on, alone; undefined: any */
  constructor(core?: number) {
    const pinned = core === undefined ? [] : ['taskset', '-c', String(core)]
    const [program = '', ...args] = [...pinned, process.execPath, join(__dirname, 'load.js')]
    this.#process = spawn(program, args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced', // messages may be bytes
    })
    this.#ended = once(this.#process, 'exit')
    this.#died = this.#ended.then(() => {
      throw new Error('the load generator died')
    })
    this.#died.catch(() => {}) // after `stop` nobody asks
  }

  /** @returns what the connections were welcomed with */
  async open(fleet: string, options: FleetOptions): Promise<readonly string[]> {
    return (await this.#order({ order: 'open', fleet, options })).welcomes ?? []
  }

  async load(fleet: string, request: LoadRequest): Promise<Window> {
    const { window } = await this.#order({ order: 'load', fleet, request })
    if (window === undefined) throw new Error('the load generator measured nothing')
    return window
  }

  async close(fleet: string): Promise<void> {
    await this.#order({ order: 'close', fleet })
  }

  /** It breaks its connections off. */
  async stop(): Promise<void> {
    this.#process.disconnect()
    await this.#ended
  }

  async #order(order: LoadOrder): Promise<Exclude<LoadAnswer, { error: string }>> {
    this.#process.send(order)
    const [answer]: LoadAnswer[] = await Promise.race([once(this.#process, 'message'), this.#died])
    if (answer === undefined || 'error' in answer) throw new Error(answer?.error)
    return answer
  }
}
