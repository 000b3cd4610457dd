// Which lane of the stage is free for a text that flies over it from right to left.

/** @typedef {{ inside: number, gone: number }} Flight when its tail, and the gap behind it, has come in; and when it has left */

/** Lengths are in pixels, times in milliseconds. */
export class Lanes {
  #width = 0
  #gap = 0
  /** @type {Flight[]} The last one of each lane. */
  #last = []

  /** Lanes that stay keep what flies in them. @param {number} count @param {number} width of the stage @param {number} gap between two of a lane */
  resize(count, width, gap) {
    this.#width = width
    this.#gap = gap
    const never = { inside: Number.NEGATIVE_INFINITY, gone: Number.NEGATIVE_INFINITY }
    this.#last = Array.from({ length: count }, (_, lane) => this.#last[lane] ?? never)
  }

  /**
   * Lets a text start.
   * @param {number} now @param {number} length @param {number} duration from the moment its head comes in until its tail has left
   * @returns {number | undefined} the lane in which it touches no other one, all the way; undefined: none is free
   */
  start(now, length, duration) {
    const speed = (this.#width + length) / duration
    // Two that keep their speeds are closest where the second one starts or where the first one leaves.
    const isFree = (/** @type {Flight} */ { inside, gone }) => inside <= now && gone <= now + this.#width / speed
    const free = this.#last.flatMap((flight, lane) => (isFree(flight) ? [lane] : []))
    // The one that has rested longest; of those without a past, spread over the stage.
    const rest = (/** @type {number} */ lane) => this.#last[lane]?.inside ?? 0
    const spread = (/** @type {number} */ lane) => (lane * 5) % 13
    const [best] = free.sort((a, b) => (rest(a) === rest(b) ? spread(a) - spread(b) : rest(a) - rest(b)))
    if (best === undefined) return undefined
    const behind = length + this.#gap
    this.#last[best] = { inside: now + behind / speed, gone: now + (this.#width + behind) / speed }
    return best
  }
}
