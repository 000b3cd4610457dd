/** Work that must not overlap: one after the other, in the order in which it came. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve()

  /** @returns what the work returns, when its turn has come; a failure is the caller's, and stops nobody behind it */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => {})
    return result
  }
}
