import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { coreTime, cpuTime } from '../cpu'
import { clientFrame, serverFrame } from '../frames'
import { readBuffer } from '../handshake'
import { Latency } from '../latency'
import { SERVER_CORE } from '../options'
import { type Client, type ClientOptions, enter } from './client'

export interface CrowdOptions {
  readonly members: readonly ClientOptions[]
  readonly sender: ClientOptions
  /** What the sender says to have a message sent to the group. */
  readonly command: string
  /** What each member gets then. */
  readonly message: string
  /** Messages that the sender sends at once. */
  readonly burst: number
}

/** What a window of load has shown. */
export interface FanWindow {
  /** Messages times the members that have got them. */
  readonly deliveries: number
  readonly seconds: number
  /** CPU time of the server's processes, microseconds. */
  readonly server: number
  /** Of its redis-server. */
  readonly store: number
  /** Of this process. */
  readonly load: number
  /** What anybody else has had of the server's core. */
  readonly others: number
  /** From the command until the last member has the message, microseconds. */
  readonly p50: number
  readonly p99: number
  /** How many messages a member found when it read: above 1 the server has put some together, or the generator was late. */
  readonly messagesARead: number
}

const HANDSHAKES_AT_ONCE = 64

/** How long after the last command the last member may still wait for its message. */
const DRAIN_MS = 15_000

/**
 * The share of the members that have a message when the next one is sent: the server is then in the middle of handing it out, so it
 * never waits for the generator, and it never finds two messages that it could put together.
 */
const SHARE = 0.5

/** A message that is under way. */
interface Message {
  readonly sentAt: number
  /** How many members are without it. */
  missing: number
}

/**
 * The members of one group and one who sends to it. Every byte that a member gets is compared with what it must get, so each message
 * has come to each member once.
 */
export class Crowd {
  readonly #options: CrowdOptions
  readonly #commands: Buffer
  readonly #frameLength: number
  /** The message again and again, for more than one reading. */
  readonly #expected: Buffer
  readonly #latency = new Latency()
  readonly #members: Client[] = []
  #sender: Client | undefined
  #running = false
  #drained = () => {}
  #sent = 0
  /** By its number. */
  readonly #underWay = new Map<number, Message>()
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

  /** @returns the welcomes of the members */
  async open(): Promise<string[]> {
    const { members, sender } = this.#options
    for (let start = 0; start < members.length; start += HANDSHAKES_AT_ONCE) {
      const batch = members.slice(start, start + HANDSHAKES_AT_ONCE)
      this.#members.push(...(await Promise.all(batch.map((member) => enter(member, this.#member())))))
    }
    this.#sender = await enter(sender, () => {})
    for (const { socket } of [...this.#members, this.#sender]) socket.once('close', this.#lost)
    return this.#members.map(({ welcome }) => welcome)
  }

  /** Sends for so long, and measures all of it but the beginning. Times are milliseconds. */
  async load(server: readonly number[], store: readonly number[], warmUp: number, duration: number) {
    this.#running = true
    this.#send()
    await sleep(warmUp)
    this.#latency.clear()
    const before = this.#look(server, store)
    await sleep(duration)
    const after = this.#look(server, store)
    await this.#drain()
    const bytes = after.bytes - before.bytes
    const used = { server: after.server - before.server, store: after.store - before.store }
    const window: FanWindow = {
      deliveries: bytes / this.#frameLength,
      seconds: (after.time - before.time) / 1000,
      ...used,
      load: after.load - before.load,
      others: after.core - before.core - used.server - used.store,
      p50: this.#latency.percentile(0.5),
      p99: this.#latency.percentile(0.99),
      messagesARead: bytes / this.#frameLength / (after.reads - before.reads),
    }
    return window
  }

  close(): void {
    const clients = this.#sender ? [...this.#members, this.#sender] : this.#members
    for (const { socket } of clients) socket.off('close', this.#lost).resetAndDestroy()
  }

  readonly #lost = () => {
    throw new Error('the server closed a connection in the middle of the benchmark')
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
    const clock = new AbortController()
    const late = sleep(DRAIN_MS, undefined, { signal: clock.signal }).then(() => {
      const missing = [...this.#underWay.values()].map((message) => message.missing)
      throw new Error(`messages did not come: ${missing.join(', ')} of ${this.#members.length} members are without`)
    })
    late.catch(() => {}) // ended when it was in time
    await Promise.race([drained, late])
    clock.abort()
  }

  #look(server: readonly number[], store: readonly number[]) {
    return {
      time: performance.now(),
      server: cpuTime(server).used,
      store: cpuTime(store).used,
      load: cpuTime([process.pid]).used,
      core: coreTime(SERVER_CORE),
      bytes: this.#bytes,
      reads: this.#reads,
    }
  }
}
