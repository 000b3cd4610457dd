import { Child } from './Child'
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
