import type { GatewayStatus, WorkerStatus } from '../Orders'

/** How long the longest delay of an event loop is remembered, in milliseconds: as long as most scrapers wait between two looks. */
export const DELAY_WINDOW_MS = 15_000

/** The shortest time that a rate is taken over, in milliseconds. */
const RATE_MS = 900

/** What one process has told of itself; in base mode it is a gateway and a worker. */
export interface Told {
  readonly gateway?: GatewayStatus
  readonly worker?: WorkerStatus
}

/** How fast it goes, a second. */
export interface Rates {
  /** Frames of clients. */
  readonly received: number
  /** Frames to clients. */
  readonly sent: number
  readonly calls: number
}

const REST: Rates = { received: 0, sent: 0, calls: 0 }

/** What is known of one process: what it told last, and what follows from what it told before. */
export class Account {
  #told: Told = {}
  #rates = REST
  /** What the rates are counted from. */
  #since = { at: performance.now(), ...REST }
  #delays: { readonly at: number; readonly ms: number }[] = []

  get told(): Told {
    return this.#told
  }

  get rates(): Rates {
    return this.#rates
  }

  take(told: Told): void {
    const now = performance.now()
    this.#told = told
    const ms = told.gateway?.delayMs ?? told.worker?.delayMs ?? 0
    this.#delays = [...this.#delays.filter(({ at }) => now - at < DELAY_WINDOW_MS), { at: now, ms }]
    this.#measure(now)
  }

  /** The longest time that its event loop stood still in this many milliseconds, in milliseconds. */
  longestDelay(withinMs = DELAY_WINDOW_MS): number {
    const now = performance.now()
    return Math.max(0, ...this.#delays.filter(({ at }) => now - at < withinMs).map(({ ms }) => ms))
  }

  #measure(now: number): void {
    const { gateway, worker } = this.#told
    const { at, ...before } = this.#since
    if (now - at < RATE_MS) return
    const present = {
      received: gateway?.counts.received ?? 0,
      sent: gateway?.counts.sent ?? 0,
      calls: worker?.calls ?? 0,
    }
    const rate = (of: keyof Rates) => ((present[of] - before[of]) * 1000) / (now - at)
    this.#rates = { received: rate('received'), sent: rate('sent'), calls: rate('calls') }
    this.#since = { at: now, ...present }
  }
}
