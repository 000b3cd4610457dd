const FIRST_MS = 50
const LONGEST_MS = 10_000

/** Deaths in a row that are called a crash loop. */
const LOOP = 5

/** How long a process that died is left dead: longer with each death, until one has become ready. */
export class Backoff {
  #deaths = 0

  /** @returns milliseconds until the next try */
  next(): number {
    return Math.min(FIRST_MS * 2 ** this.#deaths++, LONGEST_MS)
  }

  /** One has become ready: a death now and then is no crash loop. */
  reset(): void {
    this.#deaths = 0
  }

  get looping(): boolean {
    return this.#deaths >= LOOP
  }
}

/** Waits; a stop that happens meanwhile is the caller's to notice. */
export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
