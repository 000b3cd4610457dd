import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { between, type CpuTime, cpuTime } from './cpu'
import { clientFrame, serverFrame } from './frames'
import { openSocket, readBuffer } from './handshake'
import { Latency } from './latency'

export interface CrewOptions {
  readonly port: number
  /** Paths of the handshakes; each makes a connection. */
  readonly paths: readonly string[]
  readonly request: string
  /** The texts that answer one request, in order. */
  readonly replies: readonly string[]
  /** Requests that a connection sends with one write; the next ones follow when all are answered. */
  readonly pipeline: number
}

/** What a window of load has shown. */
export interface Window {
  readonly calls: number
  readonly seconds: number
  readonly server: CpuTime
  /** Server CPU by process, in the order of their pids, microseconds. */
  readonly parts: readonly number[]
  /** Of this process. */
  readonly load: CpuTime
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
}

const HANDSHAKES_AT_ONCE = 64

/** Connections to one server, in a closed loop: raw sockets and frames made beforehand, so that the load costs little. */
export class Crew {
  readonly #options: CrewOptions
  readonly #batch: Buffer
  readonly #expected: Buffer
  readonly #latency = new Latency()
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

  async open(): Promise<void> {
    const { port, paths } = this.#options
    for (let start = 0; start < paths.length; start += HANDSHAKES_AT_ONCE) {
      const batch = paths.slice(start, start + HANDSHAKES_AT_ONCE)
      const opened = batch.map((path) => openMember(port, path, this.#expected, this.#answered))
      this.#members.push(...(await Promise.all(opened)))
    }
    for (const { socket } of this.#members) socket.once('close', this.#lost)
  }

  /**
   * Calls for so long, and measures all of it but the beginning. Times are milliseconds.
   * @param rate calls a second of all connections together; 0: as fast as the answers come
   */
  async load(pids: readonly number[], warmUp: number, duration: number, rate: number): Promise<Window> {
    this.#running = true
    this.#paced = rate > 0
    if (this.#paced) this.#pace(rate)
    else for (const member of this.#members) this.#send(member)
    await sleep(warmUp)
    this.#latency.clear()
    this.#calls = 0
    const before = this.#look(pids)
    await sleep(duration)
    const after = this.#look(pids)
    const calls = this.#calls
    this.#running = false
    if (this.#busy > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve
      })
    }
    for (const member of this.#members) member.check()
    return {
      calls,
      seconds: (after.time - before.time) / 1000,
      server: between(before.server, after.server),
      parts: after.parts.map((used, index) => used - (before.parts[index] ?? 0)),
      load: between(before.load, after.load),
      p50: this.#latency.percentile(0.5),
      p99: this.#latency.percentile(0.99),
    }
  }

  close(): void {
    for (const { socket } of this.#members) socket.off('close', this.#lost).resetAndDestroy()
    this.#members = []
  }

  readonly #lost = () => {
    throw new Error('the server closed a connection in the middle of the benchmark')
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

  #look(pids: readonly number[]) {
    const parts = pids.map((pid) => cpuTime([pid]).used)
    return { time: performance.now(), server: cpuTime(pids), load: cpuTime([process.pid]), parts }
  }

  /** Sends what is due, each time round the loop: a timer would send in bursts. */
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
      setImmediate(turn)
    }
    turn()
  }

  #send(member: Member): void {
    this.#busy++
    member.sentAt = performance.now()
    member.socket.write(this.#batch)
  }
}

/** One connection. It counts bytes, since every answer is the same; what the answer was is compared once a window. */
class Member {
  readonly socket: Socket
  sentAt = 0
  readonly #expected: Buffer
  readonly #answered: (member: Member) => void
  readonly #answer: Buffer
  #at = 0

  constructor(socket: Socket, expected: Buffer, answered: (member: Member) => void) {
    this.socket = socket
    this.#expected = expected
    this.#answered = answered
    this.#answer = Buffer.alloc(expected.length)
  }

  read(length: number): void {
    if (this.#at + length > this.#answer.length) throw new Error('the server sent more than was asked for')
    readBuffer.copy(this.#answer, this.#at, 0, length)
    this.#at += length
    if (this.#at < this.#answer.length) return
    this.#at = 0
    this.#answered(this)
  }

  /** @throws Error when the last answer was another one */
  check(): void {
    if (this.#answer.equals(this.#expected)) return
    throw new Error(`the server answered ${this.#answer} instead of ${this.#expected}`)
  }
}

async function openMember(
  port: number,
  path: string,
  expected: Buffer,
  answered: (member: Member) => void,
): Promise<Member> {
  let member: Member | undefined
  const socket = await openSocket(port, path, (length) => member?.read(length))
  member = new Member(socket, expected, answered)
  return member
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
