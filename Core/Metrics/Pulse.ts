import { ledger } from './Ledger'

/** How often processes are asked how they are doing, in milliseconds. */
const BEAT_MS = 1000

/** How many beats are remembered. */
const MINUTE = 60

/** What went on in one second. */
export interface Beat {
  /** Open connections. */
  readonly connections: number
  /** Messages of clients a second. */
  readonly received: number
  /** Messages to clients a second. */
  readonly sent: number
  /** Milliseconds that the event loop of any process stood still at the longest. */
  readonly delayMs: number
}

/**
 * Asks all processes every second how they are doing: so the last values of one that dies are at most a second old, and the last
 * minute can be shown.
 */
export class Pulse {
  readonly #ask: () => Promise<unknown>
  readonly #beats: Beat[] = []
  #timer: NodeJS.Timeout | undefined
  #asking = false

  /** @param ask resolves when they have told the ledger, or do not answer; never rejects */
  constructor(ask: () => Promise<unknown>) {
    this.#ask = ask
  }

  /** The last minute, the latest second at the end. */
  get beats(): readonly Beat[] {
    return this.#beats
  }

  /** Begins. @returns when all have been asked once */
  async start(): Promise<void> {
    await this.#ask()
    this.#timer = setInterval(() => this.#beat(), BEAT_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #beat(): Promise<void> {
    this.#beats.push(present())
    if (this.#beats.length > MINUTE) this.#beats.shift()
    if (this.#asking) return // one of them is slow to answer
    this.#asking = true
    await this.#ask()
    this.#asking = false
  }
}

/** What they told a beat ago. */
function present(): Beat {
  let [connections, received, sent, delayMs] = [0, 0, 0, 0]
  for (const account of ledger.living) {
    connections += account.told.gateway?.connections ?? 0
    received += account.rates.received
    sent += account.rates.sent
    delayMs = Math.max(delayMs, account.longestDelay(1.5 * BEAT_MS))
  }
  return { connections, received, sent, delayMs }
}
