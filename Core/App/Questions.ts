import { StoreAway } from '../../Library/Cache/Cache'
import { type Answer, type Operation, STORE_AWAY, type ToGateway } from '../Link/Contract'

interface Question {
  readonly resolve: (value: Answer) => void
  readonly reject: (error: Error) => void
}

/** What the worker has asked a gateway, until it is answered. */
export class Questions {
  readonly #toGateway: ToGateway
  readonly #open = new Map<number, Question>()
  #id = 0
  #lost = false

  constructor(toGateway: ToGateway) {
    this.#toGateway = toGateway
  }

  /** @throws StoreAway when Redis cannot be reached, or the gateway has gone; Error when it failed otherwise */
  ask(operation: Operation, fd: number, text: string): Promise<Answer> {
    if (this.#lost) return Promise.reject(gone())
    return new Promise((resolve, reject) => {
      const id = ++this.#id
      this.#open.set(id, { resolve, reject })
      this.#toGateway.ask(id, operation, fd, text)
    })
  }

  answer(id: number, failure: string, value: string): void {
    const question = this.#open.get(id)
    this.#open.delete(id)
    if (failure === '') question?.resolve(JSON.parse(value))
    else question?.reject(failure === STORE_AWAY ? new StoreAway() : new Error(failure))
  }

  /** The gateway has gone: nobody will answer, so those who asked get their 503. */
  lose(): void {
    this.#lost = true
    for (const { reject } of this.#open.values()) reject(gone())
    this.#open.clear()
  }
}

const gone = () => new StoreAway('the gateway that keeps the record has gone')
