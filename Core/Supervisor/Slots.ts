import type { AppConfig } from '../../Library/Config/Schema'
import { log } from '../../Library/Log/Log'
import { pause } from './Backoff'
import type { Gate } from './Gate'
import type { Gateways } from './Gateways'
import type { Generation } from './Generation'
import type { Hand } from './Hand'
import type { Queue } from './Queue'
import { switchAll } from './Switch'

/** How long a new gateway waits for the workers to join it, in milliseconds; one that is in the middle of a long call comes later. */
const JOIN_MS = 1000

/** By slot; undefined: its worker is still to come. */
type BySlot = readonly (Hand | undefined)[]

/** What serves, or did. */
export interface Shift {
  readonly hands: Hand[]
  readonly generation: Generation | undefined
}

/** Who serves, in which slot, with what code: the same at every gateway. */
export class Slots {
  readonly #gateways: Gateways
  /** What gateways are told of the slots, and what stands in them. */
  readonly #switches: Queue
  #hands: (Hand | undefined)[]
  #generation: Generation | undefined
  #config: AppConfig

  constructor(count: number, config: AppConfig, gateways: Gateways, switches: Queue) {
    this.#hands = Array.from({ length: count }, () => undefined)
    this.#config = config
    this.#gateways = gateways
    this.#switches = switches
  }

  get count(): number {
    return this.#hands.length
  }

  /** Those that serve. */
  get hands(): Hand[] {
    return this.#hands.flatMap((hand) => hand ?? [])
  }

  /** Of the code that serves. */
  get generation(): Generation | undefined {
    return this.#generation
  }

  /** That of the code which serves; the ports are those that were found at the start. */
  get config(): AppConfig {
    return this.#config
  }

  /** @returns who serves in a slot */
  at(slot: number): Hand | undefined {
    return this.#hands[slot]
  }

  /** @returns the slot in which a hand serves; -1: in none */
  of(hand: Hand): number {
    return this.#hands.indexOf(hand)
  }

  /** The hand has died. */
  vacate(slot: number): void {
    this.#hands[slot] = undefined
  }

  /** Lets a new set of workers serve. @returns what served before @throws Error when one of them has died; nothing has changed then */
  fill(generation: Generation, hands: BySlot, config?: AppConfig): Promise<Shift> {
    return this.#switches.run(async () => {
      const before = { hands: this.hands, generation: this.#generation }
      await this.#assign(hands, config)
      this.#generation = generation
      if (config) this.#config = { ...config, outside: this.#config.outside }
      return before
    })
  }

  /**
   * Lets a hand serve in one slot.
   * @param instead whom it replaces, if somebody serves there
   * @returns false when another one, or other code, has come to serve there meanwhile
   * @throws Error when a worker has died; nothing has changed then
   */
  put(hand: Hand, slot: number, instead?: Hand): Promise<boolean> {
    return this.#switches.run(async () => {
      const now = this.#hands[slot]
      if ((now !== undefined && now !== instead) || hand.generation !== this.#generation) return false
      await this.#assign(this.#hands.with(slot, hand))
      return true
    })
  }

  /** Lets the workers that serve join a new gateway, and gives it the slots; called in the turn of the switches. */
  async brief(gate: Gate): Promise<void> {
    let given = false
    const joins = this.hands.map(async (hand) => {
      await this.#join(hand, gate)
      if (given && this.of(hand) >= 0) await this.#switches.run(() => this.#give(gate))
    })
    await Promise.race([Promise.all(joins), pause(JOIN_MS)])
    given = true
    await this.#give(gate)
  }

  #give(gate: Gate): Promise<void> {
    return gate.give({ workers: ids(this.#hands), config: this.#config })
  }

  /** A worker that lives and cannot join a gateway that lives is no use: it is ended, and replaced by another one. */
  async #join(hand: Hand, gate: Gate): Promise<void> {
    try {
      await hand.join(gate)
    } catch (error) {
      if (!hand.child.alive) return
      log.error({ err: error, worker: hand.id, gateway: gate.name }, 'a worker could not join a gateway and is ended')
      hand.child.kill()
    }
  }

  async #assign(next: BySlot, config?: AppConfig): Promise<void> {
    const before = [...this.#hands]
    const coming = next.flatMap((hand) => (hand === undefined || before.includes(hand) ? [] : hand))
    // A gateway may have been replaced since they started.
    await Promise.all(coming.flatMap((hand) => this.#gateways.living.map((gate) => this.#join(hand, gate))))
    const gates = this.#gateways.living
    const leaving = before.flatMap((hand) => (hand === undefined || next.includes(hand) ? [] : hand))
    for (const hand of leaving) hand.leave(gates)
    try {
      await switchAll(
        gates,
        { workers: ids(next), ...(config ? { config } : {}) },
        { workers: ids(before), config: this.#config },
      )
    } catch (error) {
      for (const hand of leaving) hand.stay()
      throw error
    }
    // One that has died meanwhile has left its slot already.
    for (const [slot, hand] of next.entries()) if (hand !== before[slot]) this.#hands[slot] = hand
  }
}

const ids = (hands: BySlot) => hands.map((hand) => hand?.id ?? null)
