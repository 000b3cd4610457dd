import { StoreAway } from '../../Library/Cache/Cache'
import { type Operation, STORE_AWAY, type ToGateway } from '../Link/Contract'

interface Question {
  readonly resolve: (value: boolean | number) => void
  readonly reject: (error: Error) => void
}

/** What the worker has asked the gateway, until it is answered. */
export class Questions {
  readonly #link: ToGateway
  readonly #open = new Map<number, Question>()
  #id = 0

  constructor(link: ToGateway) {
    this.#link = link
  }

  ask(operation: Operation, fd: number, text: string): Promise<boolean | number> {
    return new Promise((resolve, reject) => {
      const id = ++this.#id
      this.#open.set(id, { resolve, reject })
      this.#link.ask(id, operation, fd, text)
    })
  }

  answer(id: number, failure: string, value: string): void {
    const question = this.#open.get(id)
    this.#open.delete(id)
    if (failure === '') question?.resolve(JSON.parse(value))
    else question?.reject(failure === STORE_AWAY ? new StoreAway() : new Error(failure))
  }
}
