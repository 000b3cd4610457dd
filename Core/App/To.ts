import type { Outcome } from '../Link/Contract'
import type { Target } from './Target'

/** Brings a text to its target; `App` does. */
export interface Sender {
  send(target: Target, except: readonly number[], event: string, info: string, param: unknown): void
  report(target: Target, except: readonly number[], event: string, info: string, param: unknown): Promise<Outcome>
}

/** Whom to send to: a value, which each `except` gives anew. */
export class To {
  readonly #sender: Sender
  readonly #target: Target
  readonly #except: readonly number[]

  constructor(sender: Sender, target: Target, except: readonly number[] = []) {
    this.#sender = sender
    this.#target = target
    this.#except = except
  }

  /** The same without these connections. */
  except(...fds: number[]): To {
    return new To(this.#sender, this.#target, [...this.#except, ...fds])
  }

  /** Sends with status 200. Returns nothing: it goes out in the order of the calls. */
  send(event: string, info: string, param?: unknown): void {
    this.#sender.send(this.#target, this.#except, event, info, param)
  }

  /**
   * Sends with status 200, and counts over all gateways of all machines: how many connections it was for, to how many sockets it was
   * handed (which does not say that the client has read it), and how many it could not be. Costs every gateway an answer; `send` does
   * not.
   * @throws StoreAway when Redis is away, or a gateway does not answer within 2 s; some may have got it then
   */
  report(event: string, info: string, param?: unknown): Promise<Outcome> {
    return this.#sender.report(this.#target, this.#except, event, info, param)
  }
}
