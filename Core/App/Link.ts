import type { Answer, Operation, Outgoing, ToGateway } from '../Link/Contract'
import { Outbox } from './Outbox'
import { Questions } from './Questions'

/** The link to one gateway, as a worker uses it. */
export class Link {
  /** What the fds of the gateway begin with. */
  readonly instance: number
  readonly toGateway: Outgoing<ToGateway>
  readonly outbox: Outbox
  readonly #questions: Questions
  #alive = true

  constructor(instance: number, toGateway: Outgoing<ToGateway>) {
    this.instance = instance
    this.toGateway = toGateway
    this.outbox = new Outbox(toGateway)
    this.#questions = new Questions(toGateway)
  }

  /** The gateway has not gone. What is written to one that has goes nowhere. */
  get alive(): boolean {
    return this.#alive
  }

  /**
   * Asks the gateway to do something.
   * @throws StoreAway when Redis cannot be reached, or the gateway has gone; Error when it failed otherwise
   */
  ask(operation: Operation, fd: number, text: string): Promise<Answer> {
    return this.#questions.ask(operation, fd, text)
  }

  answer(id: number, failure: string, value: string): void {
    this.#questions.answer(id, failure, value)
  }

  /** The gateway has gone. */
  lose(): void {
    this.#alive = false
    this.#questions.lose()
  }
}
