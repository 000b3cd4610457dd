const BUCKETS_AN_OCTAVE = 32
const OCTAVES = 24

/** Microseconds. */
export interface Latencies {
  readonly p50: number
  readonly p99: number
  readonly longest: number
  /** The buckets that are not empty: number, and how many are in it. */
  readonly waits: readonly (readonly [bucket: number, count: number])[]
}

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

  read(): Latencies {
    const waits = [...this.#buckets].flatMap((count, bucket) => (count > 0 ? [[bucket, count] as const] : []))
    return { p50: this.percentile(0.5), p99: this.percentile(0.99), longest: this.#longest, waits }
  }

  /** What several have read, as one would have read it. */
  static joined(all: readonly Latencies[]): Latencies {
    const latency = new Latency()
    for (const { waits, longest } of all) {
      for (const [bucket, count] of waits) {
        latency.#buckets[bucket] = (latency.#buckets[bucket] ?? 0) + count
        latency.#count += count
      }
      latency.#longest = Math.max(latency.#longest, longest)
    }
    return latency.read()
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
