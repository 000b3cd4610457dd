import type { AppConfig } from '../../Library/Config/Schema'
import type { Supplies } from './Crew'
import type { Gate } from './Gate'
import type { Generation } from './Generation'
import { Hand } from './Hand'

export interface HandsOptions {
  /** What gateways are joined with. */
  readonly secret: string
  /** @returns a number that no worker ever had */
  readonly number: () => number
  /** @returns what a worker that starts now is given */
  readonly supplies: () => Supplies
  /** @returns the gateways that it joins */
  readonly gates: () => readonly Gate[]
  /** Told of each one that is made. */
  readonly made: (hand: Hand) => void
}

/** Every worker that has not ended: those that serve, those to come and those that go. */
export class Hands {
  readonly #options: HandsOptions
  readonly #byId = new Map<number, Hand>()

  constructor(options: HandsOptions) {
    this.#options = options
  }

  get all(): Hand[] {
    return [...this.#byId.values()]
  }

  get(id: number): Hand | undefined {
    return this.#byId.get(id)
  }

  /** A process for a worker; its number is its own for ever. */
  make(generation: Generation): Hand {
    const hand = new Hand(this.#options.number(), generation)
    this.#byId.set(hand.id, hand)
    hand.child.ended.then(() => this.#byId.delete(hand.id))
    this.#options.made(hand)
    return hand
  }

  /** Lets it start. @returns what its code is configured to do @throws Error that says why it does not; it may still run */
  boot(hand: Hand, gates = this.#options.gates()): Promise<AppConfig> {
    const { secret, supplies } = this.#options
    return hand.boot(supplies(), { paths: gates.map(({ path }) => path), secret })
  }

  /** Starts one for a look at new code, and ends it. @returns what the code is configured to do @throws Error that says why it does not load */
  async scout(generation: Generation): Promise<AppConfig> {
    const hand = this.make(generation)
    try {
      return await this.boot(hand, [])
    } finally {
      await hand.discard()
    }
  }

  /** Processes for a set of workers: they load the kernel already, whatever has to come about before they can start. */
  makeSet(generation: Generation, count: number): Hand[] {
    return Array.from({ length: count }, () => this.make(generation))
  }

  /** Lets a whole set start. @returns what their code is configured to do @throws Error of the first that does not; all may still run */
  async hire(hands: readonly Hand[]): Promise<AppConfig> {
    const [config] = await Promise.all(hands.map((hand) => this.boot(hand)))
    if (config === undefined) throw new Error('there are no workers to start')
    return config
  }
}
