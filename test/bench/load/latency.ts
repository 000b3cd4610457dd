const BUCKETS_AN_OCTAVE = 32
const OCTAVES = 24

/** A histogram of latencies from 1 us up, with buckets of about 2 percent. */
export class Latency {
  readonly #buckets = new Uint32Array(BUCKETS_AN_OCTAVE * OCTAVES)
  #count = 0
  #longest = 0

  add(microseconds: number, times = 1): void {
    const bucket = Math.min(
      this.#buckets.length - 1,
      Math.max(0, Math.round(Math.log2(microseconds) * BUCKETS_AN_OCTAVE)),
    )
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + times
    this.#count += times
    if (microseconds > this.#longest) this.#longest = microseconds
  }

  clear(): void {
    this.#buckets.fill(0)
    this.#count = 0
    this.#longest = 0
  }

  /** Microseconds. */
  read(): { readonly p50: number; readonly p99: number; readonly longest: number } {
    return { p50: this.percentile(0.5), p99: this.percentile(0.99), longest: this.#longest }
  }

  /** @param share 0.5 is the median @returns microseconds; NaN when there is none */
  percentile(share: number): number {
    let left = this.#count * share
    if (left === 0) return Number.NaN
    const bucket = this.#buckets.findIndex((count) => {
      left -= count
      return left <= 0
    })
    return 2 ** (bucket / BUCKETS_AN_OCTAVE)
  }
}
