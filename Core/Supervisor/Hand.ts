import type { AppConfig } from '../../Library/Config/Schema'
import { Child } from './Child'
import { START_GRACE_MS, type Supplies } from './Crew'
import type { Gate } from './Gate'
import type { Generation } from './Generation'

/** How long a worker that has nothing more to do may take to end, in milliseconds. */
const END_MS = 2000

/** A worker, as the supervisor sees it. */
export class Hand {
  readonly id: number
  readonly generation: Generation
  readonly child: Child
  /** It has loaded its code, and can tell how it is doing. */
  started = false
  /** It gave no sign of life, and is ended for that. */
  stalled = false
  /** What became of joining, by the path of the gateway. */
  readonly #joins = new Map<string, Promise<void>>()
  /** Gateways that have not yet said that nothing of theirs is under way here any more. */
  #busy = new Set<Gate>()
  #idle = Promise.resolve()
  #becomeIdle = () => {}

  constructor(id: number, generation: Generation) {
    this.id = id
    this.generation = generation
    this.child = new Child(generation.entryOf('Worker'))
  }

  /** Resolves when it serves no longer, and has nothing under way at any gateway that lives. */
  get idle(): Promise<void> {
    return this.#idle
  }

  /**
   * Lets it load the code of its generation, and join the gateways that are there.
   * @param link where they are joined, and with what secret
   * @returns what its code is configured to do
   * @throws Error that says why it is not ready; it may still run
   */
  async boot(
    supplies: Supplies,
    link: { readonly paths: readonly string[]; readonly secret: string },
  ): Promise<AppConfig> {
    const { id, generation } = this
    const { root, copy } = generation
    for (const path of link.paths) this.#joins.set(path, Promise.resolve())
    const limit = supplies.config.setting.stall_limit * 1000 + START_GRACE_MS
    try {
      const boot = { ...supplies, name: `worker ${id}`, root, copy, link: { ...link, worker: id } }
      const { config = supplies.config } = await this.child.boot(boot, limit)
      this.started = true
      return config
    } catch (error) {
      throw new Error(generation.original(error instanceof Error ? error.message : String(error)))
    }
  }

  /** Lets it join a gateway, if it has not. @throws Error when it dies, or cannot join a gateway that lives */
  join(gate: Gate): Promise<void> {
    const join = this.#joins.get(gate.path) ?? this.#join(gate)
    this.#joins.set(gate.path, join)
    return join
  }

  /** It serves no longer: these gateways are about to be told. */
  leave(gates: readonly Gate[]): void {
    this.#busy = new Set(gates)
    this.#idle = new Promise((resolve) => {
      this.#becomeIdle = resolve
    })
    if (gates.length === 0) this.#becomeIdle()
  }

  /** It serves on: the gateways were told in vain. */
  stay(): void {
    this.#busy.clear()
  }

  /** The gateway says that nothing is under way here any more, or has died. */
  drained(gate: Gate): void {
    if (this.#busy.delete(gate) && this.#busy.size === 0) this.#becomeIdle()
  }

  /** Ends it in good order. */
  async end(): Promise<void> {
    await this.child.stop({ order: 'stop', reason: 'serverStops' }, END_MS)
  }

  /** Ends one that never served. */
  async discard(): Promise<void> {
    this.child.kill()
    await this.child.ended
  }

  async #join(gate: Gate): Promise<void> {
    const { path } = gate
    const joined = this.child.next('joined', (report) => report.path === path)
    this.child.order({ order: 'join', path })
    const { failure } = await joined
    if (failure !== undefined && (await gate.livesOn())) throw new Error(failure)
  }
}
