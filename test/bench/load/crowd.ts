import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, type ClientOptions, enterAll, leaveAll } from './client'
import { clientFrame, type Message, serverFrame } from './frames'
import { readBuffer } from './handshake'
import { inTime } from './inTime'
import { Latency } from './latency'
import type { Fleet, LoadRequest } from './load'
import { Meter, type Window } from './meter'

export interface CrowdOptions {
  readonly members: readonly ClientOptions[]
  readonly sender: ClientOptions
  /** What the sender says to have a message sent to the group. */
  readonly command: Message
  /** What each member gets then. */
  readonly message: Message
  /** Messages that the sender sends at once. */
  readonly burst: number
}

/**
 * The share of the members that have a message when the next one is sent: the server is then in the middle of handing it out, so it
 * never waits for the generator, and it never finds two messages that it could put together.
 */
const SHARE = 0.5

/** A message that is under way. */
interface UnderWay {
  readonly sentAt: number
  /** How many members are without it. */
  missing: number
}

/**
 * The members of one group and one who sends to it. Every byte that a member gets is compared with what it must get, so each message
 * has come to each member once.
 */
export class Crowd implements Fleet {
  readonly #options: CrowdOptions
  readonly #commands: Buffer
  readonly #frameLength: number
  /** The message again and again, for more than one reading. */
  readonly #expected: Buffer
  readonly #latency = new Latency()
  #members: Client[] = []
  #sender: Client | undefined
  #running = false
  #drained = () => {}
  #sent = 0
  /** By its number. */
  readonly #underWay = new Map<number, UnderWay>()
  #bytes = 0
  #reads = 0

  constructor(options: CrowdOptions) {
    this.#options = options
    const command = clientFrame(options.command, randomBytes(4))
    this.#commands = Buffer.alloc(command.length * options.burst, command)
    const frame = serverFrame(options.message)
    this.#frameLength = frame.length
    this.#expected = Buffer.alloc(readBuffer.length + frame.length, frame)
  }

  async open(): Promise<readonly string[]> {
    const { members, sender } = this.#options
    this.#members = await enterAll(members, () => this.#member())
    ;[this.#sender] = await enterAll([sender], () => () => {})
    return this.#members.map(({ welcome }) => welcome)
  }

  /** Sends for so long, and measures all of it but the beginning. */
  async load({ watched, warmUp, duration, rate }: LoadRequest): Promise<Window> {
    this.#running = rate === 0
    const pace = rate === 0 ? undefined : setInterval(() => this.#send(), 1000 / rate)
    this.#send()
    await sleep(warmUp)
    this.#latency.clear()
    this.#bytes = 0
    this.#reads = 0
    const meter = new Meter(watched)
    await sleep(duration)
    const count = this.#bytes / this.#frameLength
    const window = { count, ...meter.read(), ...this.#latency.read(), together: count / this.#reads }
    clearInterval(pace)
    await this.#drain()
    return window
  }

  close(): void {
    leaveAll(this.#sender ? [...this.#members, this.#sender] : this.#members)
  }

  /** What one member does with what comes. */
  #member(): (length: number) => void {
    const frame = this.#frameLength
    let received = 0
    let at = 0 // of the message that is coming
    return (length) => {
      if (readBuffer.compare(this.#expected, at, at + length, 0, length) !== 0) {
        const got = readBuffer.toString('latin1', 0, Math.min(length, 2 * frame))
        throw new Error(`a member got ${got} instead of ${this.#options.message}`)
      }
      this.#reads++
      this.#bytes += length
      for (at += length; at >= frame; at -= frame) this.#got(received++)
    }
  }

  #got(number: number): void {
    const message = this.#underWay.get(number)
    if (message === undefined) throw new Error('a member got a message that was not sent')
    message.missing--
    if (message.missing === this.#enough && number === this.#sent - 1 && this.#running) this.#send()
    if (message.missing > 0) return
    this.#underWay.delete(number)
    this.#latency.add((performance.now() - message.sentAt) * 1000)
    if (this.#underWay.size === 0) this.#drained()
  }

  #send(): void {
    const sentAt = performance.now()
    for (let index = 0; index < this.#options.burst; index++) {
      this.#underWay.set(this.#sent++, { sentAt, missing: this.#members.length })
    }
    this.#sender?.socket.write(this.#commands)
  }

  /** As many are without a message when the next one is sent. */
  get #enough(): number {
    return Math.floor(this.#members.length * (1 - SHARE))
  }

  /** @throws Error when some member does not get what was sent */
  async #drain(): Promise<void> {
    this.#running = false
    if (this.#underWay.size === 0) return
    const drained = new Promise<void>((resolve) => {
      this.#drained = resolve
    })
    await inTime(drained, () => {
      const missing = [...this.#underWay.values()].map((message) => message.missing)
      return `messages did not come: ${missing.join(', ')} of ${this.#members.length} members are without`
    })
  }
}
