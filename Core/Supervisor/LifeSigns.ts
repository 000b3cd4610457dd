import { log } from '../../Library/Log/Log'
import type { Hand } from './Hand'

/** How often workers are asked for a sign of life, in milliseconds. */
const ASK_MS = 500

/** The watchdog inside the worker counts to the same limit, and names the action; it gets so long to say it, in milliseconds. */
const GRACE_MS = 1000

/** Ends workers that give no sign of life for `stall_limit`. */
export class LifeSigns {
  #limitMs = 0
  readonly #seen = new Map<Hand, number>()
  readonly #timer: NodeJS.Timeout
  #looked = performance.now()

  constructor(limitMs: number) {
    this.limit(limitMs)
    this.#timer = setInterval(() => this.#look(), ASK_MS)
  }

  /** @param ms milliseconds without a sign of life */
  limit(ms: number): void {
    this.#limitMs = ms + GRACE_MS
  }

  watch(hand: Hand): void {
    this.#seen.set(hand, performance.now())
    hand.child.on('pong', () => {
      if (this.#seen.has(hand)) this.#seen.set(hand, performance.now())
    })
    hand.child.ended.then(() => this.forget(hand))
  }

  forget(hand: Hand): void {
    this.#seen.delete(hand)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const now = performance.now()
    // The supervisor stood still itself: answers may wait to be read, so nobody is late yet (rule 5).
    const late = now - this.#looked > ASK_MS * 4
    this.#looked = now
    for (const [hand, seen] of this.#seen) {
      if (late) this.#seen.set(hand, now)
      else if (now - seen > this.#limitMs) {
        log.fatal(
          { worker: hand.id, pid: hand.child.pid },
          'a worker gives no sign of life (setting.stall_limit) and is ended',
        )
        this.forget(hand)
        hand.stalled = true
        hand.child.kill()
        continue
      }
      hand.child.order({ order: 'ping' })
    }
  }
}
