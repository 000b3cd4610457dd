import type { Command } from './Command'
import { type Keyspace, Watch } from './Keyspace'
import type { PubSub, Subscriber } from './PubSub'

interface Queued {
  readonly command: Command
  readonly args: readonly string[]
}

/** What stands between MULTI and EXEC. */
export class Transaction {
  readonly queue: Queued[] = []
  /** True once a command was refused: EXEC will not run. */
  isSpoiled = false
}

/** What the store remembers of one client. */
export class Session {
  static #count = 0
  readonly id = ++Session.#count
  readonly watch = new Watch()
  readonly channels = new Set<string>()
  readonly patterns = new Set<string>()
  readonly subscriber: Subscriber
  name = ''
  transaction: Transaction | undefined
  /** The client said QUIT: no more requests, and the connection ends once the answers are out. */
  isQuitting = false

  constructor(subscriber: Subscriber) {
    this.subscriber = subscriber
  }

  get subscriptions(): number {
    return this.channels.size + this.patterns.size
  }

  close(space: Keyspace, bus: PubSub): void {
    space.unwatch(this.watch)
    for (const channel of this.channels) bus.unsubscribe(channel, this.subscriber)
    for (const pattern of this.patterns) bus.unsubscribePattern(pattern, this.subscriber)
  }
}
