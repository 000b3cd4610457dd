/** How often a tally speaks, in milliseconds. */
const EVERY_MS = 1000

/** Of those that still have something to say. */
const silent = new Set<() => void>()

/** Lets every tally say what it has not said yet: before the process ends. */
export function flushTallies(): void {
  for (const tell of silent) tell()
}

/**
 * Says what may happen very often without filling the disk: the first time at once, then at most once a second and kind, with how
 * many there were.
 */
export class Tally<Kind extends string> {
  readonly #say: (kind: Kind, count: number) => void
  readonly #counts = new Map<Kind, number>()
  #timer: NodeJS.Timeout | undefined

  /** @param say logs; kinds are few: never something that a client chooses */
  constructor(say: (kind: Kind, count: number) => void) {
    this.#say = say
  }

  /** @param count how many of them at once */
  add(kind: Kind, count = 1): void {
    if (this.#timer !== undefined) {
      this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + count)
      silent.add(this.#tell)
      return
    }
    this.#say(kind, count)
    this.#arm()
  }

  #arm(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.#counts.size === 0) return
      this.#tell()
      this.#arm()
    }, EVERY_MS)
    this.#timer.unref()
  }

  readonly #tell = () => {
    for (const [kind, count] of this.#counts) this.#say(kind, count)
    this.#counts.clear()
    silent.delete(this.#tell)
  }
}
