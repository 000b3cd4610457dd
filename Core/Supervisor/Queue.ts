/** Work that must not overlap: one after the other, in the order in which it came. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve()
  #count = 0

  /**
   * @param waits called if it is not its turn at once
   * @returns what the work returns, when its turn has come; a failure is the caller's, and stops nobody behind it
   */
  run<T>(work: () => Promise<T>, waits: () => void = () => {}): Promise<T> {
    if (this.#count++ > 0) waits()
    const result = this.#last.then(work).finally(() => this.#count--)
    this.#last = result.catch(() => {})
    return result
  }
}
