interface Waiting {
  /** How many must have left. */
  readonly until: number
  readonly passed: () => void
}

/** What is on its way and leaves in the order in which it came, counted, for those who must not overtake it. */
export class Backlog {
  #came = 0
  #left = 0
  readonly #waiting: Waiting[] = []

  enter(): void {
    this.#came++
  }

  leave(count = 1): void {
    this.#left += count
    while (this.#waiting[0] && this.#waiting[0].until <= this.#left) this.#waiting.shift()?.passed()
  }

  /** Resolves when what is on its way now has left; what comes later is not waited for. */
  passed(): Promise<void> {
    if (this.#left === this.#came) return Promise.resolve()
    return new Promise((passed) => this.#waiting.push({ until: this.#came, passed }))
  }
}
