import { Backlog } from './Backlog'

/** Neighbouring messages to one key that are handled together. */
const BATCH = 64

/** What may wait, in messages and in bytes; beyond it workers wait. */
const MOST_MESSAGES = 1000
const MOST_BYTES = 4 * 1024 * 1024

interface Lane<Message> {
  readonly messages: Message[]
  readonly backlog: Backlog
}

/** What all messages have here. */
interface Numbered {
  readonly text: Buffer
  /** In the order in which they were sent. */
  readonly number: number
}

/** Messages that cannot go out at once, by the key that they are for: those for one key in order, keys independent of each other. */
export class Lanes<Message extends Numbered> {
  readonly #ready: (key: string) => Promise<void>
  readonly #deliver: (key: string, batch: readonly Message[]) => Promise<void>
  readonly #failed: (batch: readonly Message[], error: unknown) => void
  readonly #lanes = new Map<string, Lane<Message>>()
  #messages = 0
  #bytes = 0

  /**
   * @param ready resolves when those that were sent before have been added, if they are to be; never rejects
   * @param deliver brings neighbouring messages to their key
   * @param failed told of those for which that failed
   */
  constructor(
    ready: (key: string) => Promise<void>,
    deliver: (key: string, batch: readonly Message[]) => Promise<void>,
    failed: (batch: readonly Message[], error: unknown) => void,
  ) {
    this.#ready = ready
    this.#deliver = deliver
    this.#failed = failed
  }

  /** So much waits that nothing should be added for now. */
  get full(): boolean {
    return this.#messages >= MOST_MESSAGES || this.#bytes >= MOST_BYTES
  }

  /** Whether something for this key is on its way, which nothing may overtake. */
  busy(key: string): boolean {
    return this.#lanes.has(key)
  }

  /** One that was sent before others has its place before them. */
  add(key: string, message: Message): void {
    this.#messages++
    this.#bytes += message.text.length
    const open = this.#lanes.get(key)
    const lane = open ?? { messages: [], backlog: new Backlog() }
    const later = lane.messages.findLastIndex(({ number }) => number < message.number) + 1
    lane.messages.splice(later, 0, message)
    lane.backlog.enter()
    if (open) return
    this.#lanes.set(key, lane)
    this.#run(key, lane)
  }

  /** Resolves when what is on its way to a key now, or to any, has been brought there. */
  async passed(key?: string): Promise<void> {
    const lanes = key === undefined ? [...this.#lanes.values()] : [this.#lanes.get(key)]
    await Promise.all(lanes.map((lane) => lane?.backlog.passed()))
  }

  async #run(key: string, { messages, backlog }: Lane<Message>): Promise<void> {
    while (messages.length > 0) {
      await this.#ready(key)
      const batch = messages.splice(0, BATCH)
      try {
        await this.#deliver(key, batch)
      } catch (error) {
        this.#failed(batch, error)
      }
      this.#messages -= batch.length
      for (const { text } of batch) this.#bytes -= text.length
      backlog.leave(batch.length)
    }
    this.#lanes.delete(key)
  }
}
