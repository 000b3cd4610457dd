/** Neighbouring messages to one key that are handled together. */
const BATCH = 64

/** What may wait, in messages and in bytes; beyond it workers wait. */
const MOST_MESSAGES = 1000
const MOST_BYTES = 4 * 1024 * 1024

/** Messages that cannot go out at once, by the key that they are for: those for one key in order, keys independent of each other. */
export class Lanes<Message extends { readonly text: Buffer }> {
  readonly #deliver: (key: string, batch: readonly Message[]) => Promise<void>
  readonly #failed: (batch: readonly Message[], error: unknown) => void
  readonly #lanes = new Map<string, Message[]>()
  #messages = 0
  #bytes = 0

  /**
   * @param deliver brings neighbouring messages to their key
   * @param failed told of those for which that failed
   */
  constructor(
    deliver: (key: string, batch: readonly Message[]) => Promise<void>,
    failed: (batch: readonly Message[], error: unknown) => void,
  ) {
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

  add(key: string, message: Message): void {
    this.#messages++
    this.#bytes += message.text.length
    const lane = this.#lanes.get(key)
    if (lane) {
      lane.push(message)
      return
    }
    const opened = [message]
    this.#lanes.set(key, opened)
    this.#run(key, opened)
  }

  async #run(key: string, lane: Message[]): Promise<void> {
    while (lane.length > 0) {
      const batch = lane.slice(0, BATCH)
      try {
        await this.#deliver(key, batch)
      } catch (error) {
        this.#failed(batch, error)
      }
      lane.splice(0, batch.length)
      this.#messages -= batch.length
      for (const { text } of batch) this.#bytes -= text.length
    }
    this.#lanes.delete(key)
  }
}
