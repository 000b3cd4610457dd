import type { Value } from './Values'

export interface Scored {
  readonly member: string
  readonly score: number
}

/** One end of a range of scores. */
export interface Bound {
  readonly score: number
  readonly exclusive: boolean
}

/** Members in the order of their scores, those of one score in the order of their bytes. Finding is O(log n), writing moves memory. */
export class SortedSet implements Value {
  readonly type = 'zset'
  readonly #scores = new Map<string, number>()
  readonly #order: Scored[] = []

  get isEmpty(): boolean {
    return this.#order.length === 0
  }

  get size(): number {
    return this.#order.length
  }

  score(member: string): number | undefined {
    return this.#scores.get(member)
  }

  set(member: string, score: number): void {
    this.delete(member)
    const entry = { member, score }
    this.#order.splice(this.#place(entry), 0, entry)
    this.#scores.set(member, score)
  }

  delete(member: string): boolean {
    const score = this.#scores.get(member)
    if (score === undefined) return false
    this.#order.splice(this.#place({ member, score }), 1)
    return this.#scores.delete(member)
  }

  /** From rank `start` to `end`, which is not included. */
  slice(start: number, end: number): Scored[] {
    return this.#order.slice(start, end)
  }

  /** The ranks that the scores between two bounds take: first, and first after. */
  ranks(min: Bound, max: Bound): [start: number, end: number] {
    const start = this.#first(({ score }) => (min.exclusive ? score > min.score : score >= min.score))
    const end = this.#first(({ score }) => (max.exclusive ? score >= max.score : score > max.score))
    return [start, Math.max(start, end)]
  }

  #place(entry: Scored): number {
    return this.#first((other) =>
      other.score === entry.score ? other.member >= entry.member : other.score > entry.score,
    )
  }

  /** The first rank for which `isReached` holds; it must hold for every later one too. */
  #first(isReached: (entry: Scored) => boolean): number {
    let low = 0
    let high = this.#order.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const entry = this.#order[middle]
      if (entry === undefined || isReached(entry)) high = middle
      else low = middle + 1
    }
    return low
  }
}
