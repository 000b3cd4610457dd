import type { AppConfig } from '../../Library/Config/Schema'
import { Child } from './Child'
import { START_GRACE_MS, type Supplies } from './Crew'
import type { Generation } from './Generation'

/** How long a worker that has nothing more to do may take to end, in milliseconds. */
const END_MS = 2000

/** A worker, as the supervisor sees it. */
export class Hand {
  readonly id: number
  readonly generation: Generation
  readonly child: Child

  /** Resolves when the gateway has said that nothing is under way here any more. */
  readonly idle: Promise<void>
  #idle = () => {}

  constructor(id: number, generation: Generation) {
    this.id = id
    this.generation = generation
    this.child = new Child(generation.entry)
    this.idle = new Promise((resolve) => {
      this.#idle = resolve
    })
  }

  /**
   * Lets it load the code of its generation, and join the gateway.
   * @param link where the gateway is joined, and with what secret
   * @returns what its code is configured to do
   * @throws Error that says why it is not ready; it may still run
   */
  async boot(
    supplies: Supplies,
    link: { readonly paths: readonly string[]; readonly secret: string },
  ): Promise<AppConfig> {
    const { id, generation } = this
    const { root, copy } = generation
    const limit = supplies.config.setting.stall_limit * 1000 + START_GRACE_MS
    try {
      const boot = { ...supplies, name: `worker ${id}`, root, copy, link: { ...link, worker: id } }
      const { config = supplies.config } = await this.child.boot(boot, limit)
      return config
    } catch (error) {
      throw new Error(generation.original(error instanceof Error ? error.message : String(error)))
    }
  }

  /** The gateway says that nothing is under way here any more. */
  drained(): void {
    this.#idle()
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
}
