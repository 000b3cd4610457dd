import type { Target } from './Target'

/** Hands a text to its target; `App` supplies it. */
export type Deliver = (target: Target, except: readonly number[], event: string, info: string, param: unknown) => void

/** Whom to send to: a value, which each `except` gives anew. */
export class To {
  readonly #deliver: Deliver
  readonly #target: Target
  readonly #except: readonly number[]

  constructor(deliver: Deliver, target: Target, except: readonly number[] = []) {
    this.#deliver = deliver
    this.#target = target
    this.#except = except
  }

  /** The same without these connections. */
  except(...fds: number[]): To {
    return new To(this.#deliver, this.#target, [...this.#except, ...fds])
  }

  /** Sends with status 200. Returns nothing: it goes out in the order of the calls. */
  send(event: string, info: string, param?: unknown): void {
    this.#deliver(this.#target, this.#except, event, info, param)
  }
}
