import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, type ClientOptions, enterAll, leaveAll } from './client'
import { clientFrame, type Message, serverFrame } from './frames'
import { readBuffer } from './handshake'
import { inTime } from './inTime'
import { Latency } from './latency'
import type { Fleet, LoadRequest } from './load'
import { Meter, type Window } from './meter'

export interface CrewOptions {
  readonly clients: readonly ClientOptions[]
  readonly request: Message
  /** What answers one request, in order. */
  readonly replies: readonly Message[]
  /** Requests that a connection sends with one write; the next ones follow when all are answered. */
  readonly pipeline: number
}

/** Calls a second up to which a timer is often enough; beyond it the crew looks each time round the loop what is due. */
const LEISURELY = 1000

/** Connections that call, in a closed loop: raw sockets and frames made beforehand, so that the load costs little. */
export class Crew implements Fleet {
  readonly #options: CrewOptions
  readonly #batch: Buffer
  readonly #expected: Buffer
  readonly #latency = new Latency()
  #clients: Client[] = []
  #members: Member[] = []
  /** Those that may send, where the load has a rate. */
  #idle: Member[] = []
  #running = false
  #paced = false
  #busy = 0
  #calls = 0
  #drained = () => {}

  constructor(options: CrewOptions) {
    this.#options = options
    const frame = clientFrame(options.request, randomBytes(4))
    this.#batch = Buffer.concat(Array.from({ length: options.pipeline }, () => frame))
    const answer = Buffer.concat(options.replies.map(serverFrame))
    this.#expected = Buffer.concat(Array.from({ length: options.pipeline }, () => answer))
  }

  async open(): Promise<readonly string[]> {
    const members: Member[] = []
    this.#clients = await enterAll(this.#options.clients, (index) => {
      const member = new Member(this.#expected, this.#answered)
      members[index] = member
      return (length) => member.read(length)
    })
    this.#clients.forEach(({ socket }, index) => {
      const member = members[index]
      if (member) member.socket = socket
    })
    this.#members = members
    return this.#clients.map(({ welcome }) => welcome)
  }

  /** Calls for so long, and measures all of it but the beginning. */
  async load({ watched, warmUp, duration, rate }: LoadRequest): Promise<Window> {
    this.#running = true
    this.#paced = rate > 0
    if (this.#paced) this.#pace(rate)
    else for (const member of this.#members) this.#send(member)
    await sleep(warmUp)
    this.#latency.clear()
    this.#calls = 0
    const meter = new Meter(watched)
    await sleep(duration)
    const window = { count: this.#calls, ...meter.read(), ...this.#latency.read() }
    await this.#drain()
    for (const member of this.#members) member.check()
    return window
  }

  close(): void {
    leaveAll(this.#clients)
  }

  readonly #answered = (member: Member) => {
    const { pipeline } = this.#options
    this.#calls += pipeline
    this.#latency.add((performance.now() - member.sentAt) * 1000, pipeline)
    this.#busy--
    if (this.#running && !this.#paced) this.#send(member)
    else if (this.#running) this.#idle.push(member)
    else if (this.#busy === 0) this.#drained()
  }

  /** @throws Error when some call is not answered */
  async #drain(): Promise<void> {
    this.#running = false
    if (this.#busy === 0) return
    const drained = new Promise<void>((resolve) => {
      this.#drained = resolve
    })
    await inTime(drained, () => `${this.#busy} connections got no answer`)
  }

  /** Sends what is due: a timer would send in bursts, where many are due. */
  #pace(rate: number): void {
    this.#idle = [...this.#members]
    const start = performance.now()
    let sent = 0
    const turn = () => {
      if (!this.#running) return
      const due = ((performance.now() - start) * rate) / 1000
      while (sent < due) {
        const member = this.#idle.shift()
        if (member === undefined) break
        sent++
        this.#send(member)
      }
      if (rate > LEISURELY) setImmediate(turn)
      else setTimeout(turn, ((sent + 1) * 1000) / rate - (performance.now() - start))
    }
    turn()
  }

  #send(member: Member): void {
    this.#busy++
    member.sentAt = performance.now()
    member.socket?.write(this.#batch)
  }
}

/** One connection. It counts bytes, since every answer is the same; what the answer was is compared once a window. */
class Member {
  socket: Socket | undefined
  sentAt = 0
  readonly #expected: Buffer
  readonly #answered: (member: Member) => void
  #answer: Buffer | undefined
  #at = 0

  constructor(expected: Buffer, answered: (member: Member) => void) {
    this.#expected = expected
    this.#answered = answered
  }

  read(length: number): void {
    this.#answer ??= Buffer.alloc(this.#expected.length)
    if (this.#at + length > this.#answer.length) throw new Error('the server sent more than was asked for')
    readBuffer.copy(this.#answer, this.#at, 0, length)
    this.#at += length
    if (this.#at < this.#answer.length) return
    this.#at = 0
    this.#answered(this)
  }

  /** @throws Error when the last answer was another one */
  check(): void {
    if (this.#answer === undefined || this.#answer.equals(this.#expected)) return
    throw new Error(`the server answered ${this.#answer} instead of ${this.#expected}`)
  }
}
