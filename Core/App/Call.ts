import type { CallOutcome } from '../Metrics/Handling'
import type { CallId } from '../Wire/Protocol'
import type { Link } from './Link'

/** A promise that knows whether somebody looked at it: `await`, `then` or `catch`. */
class Write<T> extends Promise<T> {
  observed = false

  /** What `then` gives is an ordinary promise. */
  static override get [Symbol.species]() {
    return Promise
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise
  override then<Result1 = T, Result2 = never>(
    fulfilled?: ((value: T) => Result1 | PromiseLike<Result1>) | null,
    rejected?: ((reason: unknown) => Result2 | PromiseLike<Result2>) | null,
  ): Promise<Result1 | Result2> {
    this.observed = true
    return super.then(fulfilled, rejected)
  }
}

/** One call of an action, or of a hook, while it runs and after. */
export class Call {
  readonly fd: number
  /** To the gateway that the call came from. */
  readonly link: Link
  readonly callId: CallId | undefined
  /** The name of what is called, for the log. */
  readonly action: string
  /** How it ends, as far as is known. */
  outcome: CallOutcome = 'ok'
  #over = false
  #unwanted = false
  #writes: { readonly done: Promise<unknown>; readonly given: Write<unknown> }[] | undefined
  #abort: AbortController | undefined

  constructor({ fd, link }: { readonly fd: number; readonly link: Link }, action: string, callId?: CallId) {
    this.fd = fd
    this.link = link
    this.action = action
    this.callId = callId
  }

  /** The caller was told that the call took too long: what it still sends to him goes nowhere. */
  get over(): boolean {
    return this.#over
  }

  /** Aborted when the call has taken too long, or its connection closes. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#unwanted) this.#abort.abort()
    return this.#abort.signal
  }

  /** Tells the handler, whenever it asks for a signal, that nobody waits for it any more. */
  abort(): void {
    this.#unwanted = true
    this.#abort?.abort()
  }

  timeOut(): void {
    this.#over = true
    this.outcome = 'timeout'
    this.abort()
  }

  /** Whether there are writes to `settle`. */
  get wrote(): boolean {
    return this.#writes !== undefined
  }

  /** Keeps a write, so that the call does not count as done before it. */
  track<T>(done: Promise<T>): Promise<T> {
    const given = new Write<T>((resolve, reject) => {
      done.then(resolve, reject)
    })
    Promise.prototype.then.call(given, undefined, () => {}) // `settle` speaks of a failure that nobody looks at
    this.#writes ??= []
    this.#writes.push({ done, given })
    return given
  }

  /**
   * Waits for the writes.
   * @throws what a write failed with that user code never looked at
   */
  async settle(): Promise<void> {
    for (const { done, given } of this.#writes ?? []) {
      try {
        await done
      } catch (error) {
        if (!given.observed) throw error
      }
    }
  }
}
