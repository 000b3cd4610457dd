import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { AppConfig } from '../../Library/Config/Schema'
import type { Identity } from '../Orders'
import { clearSocketPath } from '../Store/SocketPath'
import { pause } from './Backoff'
import { Child } from './Child'
import type { Manned, Supplies } from './Crew'

const ENTRY = join(__dirname, '..', 'Gateway', 'main.js')

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
  readonly child = new Child(ENTRY)
  #identity: Identity | undefined

  constructor(name: string, path: string) {
    this.name = name
    this.path = path
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

  /** @returns what its engine is @throws Error that says why it does not start; it may still run */
  async boot(supplies: Supplies, secret: string): Promise<string> {
    const { name, path } = this
    await clearSocketPath(path) // a server that was killed leaves its own behind
    const ready = await this.child.boot({ ...supplies, name, link: { paths: [path], secret, worker: 0 } })
    this.#identity = ready.identity
    return ready.engine ?? ''
  }

  /** @returns the real ports @throws Error when it dies */
  async listen(): Promise<Manned['ports']> {
    return (await this.child.ask({ order: 'listen' }, 'listening')).ports
  }

  /** @returns false when it has died */
  unlisten(): Promise<boolean> {
    return this.child.ask({ order: 'unlisten' }, 'unlistened').then(
      () => true,
      () => false,
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
