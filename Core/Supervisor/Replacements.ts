import { log } from '../../Library/Log/Log'
import { supervisorCounts } from '../Metrics/SupervisorCounts'
import { Backoff, pause } from './Backoff'
import type { Hand } from './Hand'
import type { Hands } from './Hands'
import type { LifeSigns } from './LifeSigns'
import type { Queue } from './Queue'
import type { Slots } from './Slots'

export interface ReplacementsOptions {
  readonly hands: Hands
  readonly slots: Slots
  readonly signs: LifeSigns
  /** Reloads, and the replacement of what is worn: one after the other. */
  readonly changes: Queue
  /** Ends a hand that serves no longer, when its calls have ended. */
  readonly retire: (hand: Hand) => Promise<void>
}

/** Replaces single workers between reloads: those that die, and those that wear out. */
export class Replacements {
  readonly #options: ReplacementsOptions
  /** One backoff a slot, so that one bad slot does not slow the others down. */
  readonly #backoffs: Backoff[]
  #stopping = false

  constructor(options: ReplacementsOptions) {
    this.#options = options
    this.#backoffs = Array.from({ length: options.slots.count }, () => new Backoff())
  }

  /** From now on the hand is replaced when it dies, stands still or wears out. */
  watch(hand: Hand): void {
    this.#options.signs.watch(hand)
    hand.child.on('worn', ({ reason }) => this.#worn(hand, reason))
    hand.child.ended.then((how) => this.#died(hand, how))
  }

  /** New code serves: what the old one did says nothing of it. */
  reset(): void {
    for (const backoff of this.#backoffs) backoff.reset()
  }

  stop(): void {
    this.#stopping = true
  }

  async #died(hand: Hand, how: string): Promise<void> {
    const { slots } = this.#options
    const slot = slots.of(hand)
    if (this.#stopping || slot < 0) return
    slots.vacate(slot)
    supervisorCounts.workersReplaced[hand.stalled ? 'stalled' : 'died']++
    log.fatal({ worker: hand.id, pid: hand.child.pid }, `a worker ${how}; no connection is lost; it is replaced`)
    const backoff = this.#backoffs[slot] ?? new Backoff()
    while (!this.#stopping && slots.at(slot) === undefined) {
      if (await this.#fill(slot, backoff)) return
      await pause(backoff.next())
    }
  }

  /** @returns whether the slot is filled */
  async #fill(slot: number, backoff: Backoff): Promise<boolean> {
    const { hands, slots } = this.#options
    const { generation } = slots
    if (generation === undefined) return true
    const next = hands.make(generation)
    try {
      await hands.boot(next)
      backoff.reset()
      if (!this.#stopping && (await slots.put(next, slot))) {
        this.watch(next)
        log.info({ worker: next.id, pid: next.child.pid }, 'a new worker serves')
        return true
      }
    } catch (error) {
      log.error(
        { err: error, worker: next.id, crashLoop: backoff.looping },
        'a worker does not start; it is tried again',
      )
    }
    await next.discard()
    return false
  }

  /** Replaces a hand when its turn has come; one that could not be replaced is so later. */
  async #worn(hand: Hand, reason: string): Promise<void> {
    const { slots, changes } = this.#options
    const slot = slots.of(hand)
    const backoff = this.#backoffs[slot]
    if (this.#stopping || backoff === undefined) return
    if (await changes.run(() => this.#recycle(hand, slot, reason))) return backoff.reset()
    await pause(backoff.next())
    await this.#worn(hand, reason)
  }

  /** Replaces one hand by a new one of the same code, which is ready before the old one goes. @returns whether that went well */
  async #recycle(hand: Hand, slot: number, reason: string): Promise<boolean> {
    const { hands, slots, retire } = this.#options
    if (this.#stopping || slots.at(slot) !== hand) return true // a reload, or its death, was faster
    const next = hands.make(hand.generation)
    try {
      await hands.boot(next)
      if (!(await slots.put(next, slot, hand))) {
        await next.discard()
        return true // its death was faster, and another one has its place
      }
    } catch (error) {
      log.error({ err: error, worker: hand.id }, 'a worn worker could not be replaced yet and goes on')
      await next.discard()
      return false
    }
    this.watch(next)
    supervisorCounts.workersReplaced.worn++
    log.info({ worker: hand.id, by: next.id, reason }, 'a worker is replaced')
    await retire(hand)
    return true
  }
}
