import { Client, phone } from './client'

const EVERY_MS = 25

/**
 * What a heartbeat may take where nothing holds it up, in milliseconds: a gateway that waited for its flood would take 15 s, and a
 * machine that runs other things too stands still for seconds.
 */
export const HEARTBEAT_MS = 6000

/** A client that sends heartbeats all the while, and knows how long the server took for the slowest one. */
export class Pulse {
  readonly client: Client
  readonly #timer: NodeJS.Timeout
  #sentAt = 0
  #worst = 0
  beats = 0

  private constructor(client: Client) {
    this.client = client
    client.socket.on('message', (data) => {
      if (String(data) !== '3') return
      this.#worst = Math.max(this.#worst, performance.now() - this.#sentAt)
      this.#sentAt = 0
      this.beats++
    })
    this.#timer = setInterval(() => this.#beat(), EVERY_MS)
  }

  static async start(url: string): Promise<Pulse> {
    return new Pulse(await Client.connect(url, phone('pulse')))
  }

  /** The longest that a heartbeat has waited for its answer, in milliseconds: also one that still waits. */
  get worst(): number {
    const waiting = this.#sentAt === 0 ? 0 : performance.now() - this.#sentAt
    return Math.round(Math.max(this.#worst, waiting))
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.client.close()
  }

  /** One at a time, so that each answer belongs to the last question. */
  #beat(): void {
    if (this.#sentAt !== 0) return
    this.#sentAt = performance.now()
    this.client.send('2')
  }
}
