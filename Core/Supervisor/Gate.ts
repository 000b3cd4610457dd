import { rmSync } from 'node:fs'
import type { AppConfig } from '../../Library/Config/Schema'
import type { Identity } from '../Orders'
import { clearSocketPath } from '../Store/SocketPath'
import { pause } from './Backoff'
import { Child } from './Child'
import { type Manned, START_GRACE_MS, type Supplies } from './Crew'
import type { Generation } from './Generation'

/** How much later than a worker the supervisor may learn that a gateway has died, in milliseconds. */
const NEWS_MS = 500

/** The workers that serve, by slot; null: a slot whose worker is still to come. */
export interface Assigned {
  readonly workers: readonly (number | null)[]
  /** What is new in the configuration. */
  readonly config?: AppConfig
}

/** A gateway, as the supervisor sees it. */
export class Gate {
  /** For people, in logs. */
  readonly name: string
  /** The unix socket on which workers join it. */
  readonly path: string
  readonly child: Child
  readonly #generation: Generation
  #identity: Identity | undefined

  constructor(name: string, path: string, generation: Generation) {
    this.name = name
    this.path = path
    this.#generation = generation
    this.child = new Child(generation.entryOf('Gateway'))
    this.child.ended.then(() => rmSync(path, { force: true }))
  }

  get alive(): boolean {
    return this.child.alive
  }

  /** A worker cannot reach it. @returns whether it lives all the same; resolves when there is nothing more to learn */
  async livesOn(): Promise<boolean> {
    await Promise.race([this.child.ended, pause(NEWS_MS)])
    return this.alive
  }

  /** Undefined until it is ready. */
  get identity(): Identity | undefined {
    return this.#identity
  }

  /**
   * @param patient it may wait for its Redis, however long that is away
   * @returns what its engine is
   * @throws Error that says why it does not start; it may still run
   */
  async boot(supplies: Supplies, secret: string, patient: boolean): Promise<string> {
    const { name, path } = this
    await clearSocketPath(path) // a server that was killed leaves its own behind
    const { copy } = this.#generation
    const boot = { ...supplies, name, copy, link: { paths: [path], secret, worker: 0 } }
    const limit = supplies.config.setting.stall_limit * 1000 + START_GRACE_MS
    try {
      const ready = await this.child.boot(boot, patient ? undefined : limit)
      this.#identity = ready.identity
      return ready.engine ?? ''
    } catch (error) {
      throw new Error(this.#generation.original(error instanceof Error ? error.message : String(error)))
    }
  }

  /** @returns the real ports @throws Error when it dies */
  async listen(): Promise<Manned['ports']> {
    return (await this.child.ask({ order: 'listen' }, 'listening')).ports
  }

  /** @returns false when it has died; not when it has ended in good order, as one does that drains */
  unlisten(): Promise<boolean> {
    return this.child.ask({ order: 'unlisten' }, 'unlistened').then(
      () => true,
      () => this.child.clean,
    )
  }

  /** @returns those of these workers that have not joined; none when it dies */
  muster(workers: readonly number[]): Promise<readonly number[]> {
    return missingOf(this.child.ask({ order: 'muster', workers }, 'mustered'))
  }

  /** Lets these workers serve. @returns those that have not joined: nothing has changed then; none when it dies */
  assign(assigned: Assigned): Promise<readonly number[]> {
    return missingOf(this.child.ask({ order: 'assign', ...assigned }, 'assigned'))
  }

  /** Lets those of these workers serve that have joined; the slots of the others stay empty. */
  async give({ workers, ...rest }: Assigned): Promise<void> {
    let there = workers
    for (;;) {
      const missing = await this.assign({ workers: there, ...rest })
      if (missing.length === 0) return
      there = there.map((id) => (id !== null && missing.includes(id) ? null : id))
    }
  }

  /** This process is dead for certain: this gateway takes over what it has left on record. */
  reap(identity: Identity): void {
    this.child.order({ order: 'reap', identity })
  }
}

/** A gateway that dies misses nobody: another one takes its place, and is told then. */
async function missingOf(answer: Promise<{ readonly missing: readonly number[] }>): Promise<readonly number[]> {
  try {
    return (await answer).missing
  } catch {
    return []
  }
}
