/** What became of a message at the rate limit. */
export type Verdict = 'pass' | 'refuse' | 'close'

/** A client that goes on for so long, or for so many bursts, after its first 429 is closed. */
const FLOOD_MS = 10_000
const FLOOD_BURSTS = 10

/** The token bucket of one connection. Times are milliseconds of a clock that never goes back. */
export class Bucket {
  #tokens: number
  #filledAt = 0
  /** When the first of the present refusals was, and how many messages came since; -1: the client keeps to the rate. */
  #floodSince = -1
  #flood = 0

  constructor(burst: number) {
    this.#tokens = burst
  }

  /** @param rate messages a second; 0 no limit */
  take(now: number, rate: number, burst: number): Verdict {
    if (rate === 0) return 'pass'
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) * rate) / 1000)
    this.#filledAt = now
    if (this.#tokens >= burst) this.#floodSince = -1 // it has been quiet for a whole burst's time
    if (this.#floodSince >= 0) this.#flood++
    if (this.#tokens >= 1) {
      this.#tokens--
      return 'pass'
    }
    if (this.#floodSince < 0) {
      this.#floodSince = now
      this.#flood = 0
    }
    return now - this.#floodSince >= FLOOD_MS || this.#flood >= FLOOD_BURSTS * burst ? 'close' : 'refuse'
  }
}

/** How many connections each IP address has. */
export class PerIp {
  #most: number
  readonly #counts = new Map<string, number>()

  /** @param most connections an address; 0 no limit */
  constructor(most: number) {
    this.#most = most
  }

  configure(most: number): void {
    this.#most = most
  }

  full(ip: string): boolean {
    return this.#most > 0 && (this.#counts.get(ip) ?? 0) >= this.#most
  }

  add(ip: string): void {
    this.#counts.set(ip, (this.#counts.get(ip) ?? 0) + 1)
  }

  remove(ip: string): void {
    const count = this.#counts.get(ip)
    if (count === undefined) return
    if (count > 1) this.#counts.set(ip, count - 1)
    else this.#counts.delete(ip)
  }
}
