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
  #before = counted()
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
    this.#beats.push(this.#present())
    if (this.#beats.length > MINUTE) this.#beats.shift()
    if (this.#asking) return // one of them is slow to answer
    this.#asking = true
    await this.#ask()
    this.#asking = false
  }

  /** What they told a beat ago. */
  #present(): Beat {
    const now = counted()
    const { at, received, sent } = this.#before
    this.#before = now
    // A process that has ended has taken its counts along.
    const rate = (count: number, before: number) => (Math.max(0, count - before) * 1000) / (now.at - at)
    return {
      connections: now.connections,
      received: rate(now.received, received),
      sent: rate(now.sent, sent),
      delayMs: Math.max(0, ...[...ledger.living].map((account) => account.longestDelay(1.5 * BEAT_MS))),
    }
  }
}

function counted() {
  let [connections, received, sent] = [0, 0, 0]
  for (const { told } of ledger.living) {
    connections += told.gateway?.connections ?? 0
    received += told.gateway?.counts.received ?? 0
    sent += told.gateway?.counts.sent ?? 0
  }
  return { at: performance.now(), connections, received, sent }
}
