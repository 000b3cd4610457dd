export type Filter<T> = (item: T) => boolean

/** Long, because a machine may be slow; who waits for what comes at once loses nothing by it. */
const DEADLINE_MS = 20_000

interface Waiting<T> {
  readonly filter: Filter<T>
  readonly take: (item: T) => void
}

/** What came in, and who waits for it: an item is given to one who waits, or kept until somebody asks. */
export class Inbox<T> {
  /** Everything that ever came. */
  readonly all: T[] = []
  readonly #what: string
  #kept: T[] = []
  #waiting: Waiting<T>[] = []

  /** @param what the name of an item, for failures */
  constructor(what: string) {
    this.#what = what
  }

  add(item: T): void {
    this.all.push(item)
    const waiting = this.#waiting.find(({ filter }) => filter(item))
    if (waiting === undefined) {
      this.#kept.push(item)
      return
    }
    this.#waiting = this.#waiting.filter((other) => other !== waiting)
    waiting.take(item)
  }

  /** The next item that the filter wants, kept ones first. @throws Error after the deadline (ms), with what did come */
  next(filter: Filter<T>, deadlineMs = DEADLINE_MS): Promise<T> {
    const index = this.#kept.findIndex(filter)
    const [kept] = index < 0 ? [] : this.#kept.splice(index, 1)
    if (kept !== undefined) return Promise.resolve(kept)
    return new Promise((resolve, reject) => {
      const waiting: Waiting<T> = {
        filter,
        take: (item) => {
          clearTimeout(timer)
          resolve(item)
        },
      }
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting)
        const came = this.all.slice(-20).map((item) => JSON.stringify(item))
        reject(new Error(`no such ${this.#what} within ${deadlineMs} ms; these came last:\n${came.join('\n')}`))
      }, deadlineMs)
      this.#waiting.push(waiting)
    })
  }
}
