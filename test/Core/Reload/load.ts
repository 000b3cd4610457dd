import { once } from 'node:events'
import WebSocket from 'ws'
import { authString, phone } from '../../support/client'

/** What the callers of a load call; `ms` is what the handler takes by itself. */
export interface Call {
  readonly method: string
  readonly ms?: number
  readonly [field: string]: unknown
}

export interface LoadOptions {
  readonly url: string
  readonly clients: number
  /** Calls that each client has under way at any time. */
  readonly inFlight: number
  /** @param client the number of a client @param n that of its call */
  readonly call: (client: number, n: number) => Call
}

/** What became of all calls. All but `calls`, `answered`, `pids` and `longestMs` should be 0. */
export interface Totals {
  calls: number
  answered: number
  /** Answered twice, or with an answer to no call. */
  doubled: number
  /** Answered before a call that was sent earlier on the same connection. */
  disordered: number
  /** Answered by an older code than the call before it on the same connection. */
  older: number
  /** Answered by an older code than `floor` was when they were sent. */
  tooOld: number
  /** Frames that are no answer of the action: 503, 429, 500 ... */
  refused: number
  closed: number
  /** The longest that the server kept anybody waiting, beyond what the handlers took, in milliseconds. */
  longestMs: number
  readonly pids: Set<number>
}

interface Sent {
  readonly n: number
  readonly at: number
  readonly ms: number
  readonly floor: number
}

interface Frame {
  readonly event: string
  readonly callId?: number
  readonly param?: { readonly version: number; readonly pid: number }
}

/** Clients in closed loop: each sends its next call when one is answered, and accounts for every one. */
export class Load {
  /** The oldest version whose answers count, for calls that are sent from now on. */
  floor = 0
  readonly totals: Totals = {
    calls: 0,
    answered: 0,
    doubled: 0,
    disordered: 0,
    older: 0,
    tooOld: 0,
    refused: 0,
    closed: 0,
    longestMs: 0,
    pids: new Set(),
  }
  readonly #callers: Caller[] = []
  stopped = false

  static async start(options: LoadOptions): Promise<Load> {
    const load = new Load()
    for (let client = 0; client < options.clients; client++) {
      const url = `${options.url}?auth=${encodeURIComponent(authString(phone(String(client))))}`
      const socket = new WebSocket(url)
      await once(socket, 'open')
      load.#callers.push(new Caller(load, socket, (n) => options.call(client, n)))
    }
    for (const caller of load.#callers) for (let i = 0; i < options.inFlight; i++) caller.send()
    return load
  }

  /** Sends no more, and waits for the answers that are still to come. @returns the totals and how many calls were lost */
  async stop(deadlineMs = 30_000): Promise<Totals & { lost: number }> {
    this.stopped = true
    let late: NodeJS.Timeout | undefined
    const deadline = new Promise<void>((resolve) => {
      late = setTimeout(resolve, deadlineMs)
    })
    await Promise.race([Promise.all(this.#callers.map((caller) => caller.drained)), deadline])
    clearTimeout(late)
    const lost = this.#callers.reduce((sum, { open }) => sum + open, 0)
    for (const caller of this.#callers) caller.end()
    return { ...this.totals, lost }
  }
}

class Caller {
  readonly drained: Promise<void>
  readonly #load: Load
  readonly #socket: WebSocket
  readonly #call: (n: number) => Call
  readonly #sent: Sent[] = []
  #drained = () => {}
  #n = 0
  #version = 0
  #answeredAt = 0

  constructor(load: Load, socket: WebSocket, call: (n: number) => Call) {
    this.#load = load
    this.#socket = socket
    this.#call = call
    this.drained = new Promise((resolve) => {
      this.#drained = resolve
    })
    socket.on('message', (data) => this.#heard(JSON.parse(String(data))))
    socket.on('close', () => {
      load.totals.closed++
    })
  }

  /** Calls that are not answered. */
  get open(): number {
    return this.#sent.length
  }

  send(): void {
    const { totals, floor } = this.#load
    const n = ++this.#n
    const { ms = 0, ...call } = this.#call(n)
    totals.calls++
    this.#sent.push({ n, at: performance.now(), ms, floor })
    this.#socket.send(JSON.stringify({ ...call, ms, callId: n }))
  }

  end(): void {
    this.#socket.removeAllListeners('close')
    this.#socket.terminate()
  }

  #heard({ event, callId, param }: Frame): void {
    if (event === 'receiveMessage') return
    const { totals } = this.#load
    if (event !== 'answer' || param === undefined) {
      totals.refused++
      return
    }
    const index = this.#sent.findIndex(({ n }) => n === callId)
    const [sent] = index < 0 ? [] : this.#sent.splice(index, 1)
    if (sent === undefined) {
      totals.doubled++
      return
    }
    const now = performance.now()
    totals.answered++
    totals.pids.add(param.pid)
    if (index > 0) totals.disordered++
    if (param.version < this.#version) totals.older++
    if (param.version < sent.floor) totals.tooOld++
    // It could not begin before it was sent, nor before the one before it had ended.
    totals.longestMs = Math.max(totals.longestMs, now - Math.max(sent.at, this.#answeredAt) - sent.ms)
    this.#version = param.version
    this.#answeredAt = now
    if (!this.#load.stopped) this.send()
    else if (this.#sent.length === 0) this.#drained()
  }
}

/** The totals of a load of which every call was answered once, in order, by code that was new enough. */
export const allAnswered = (calls: number) => ({
  answered: calls,
  lost: 0,
  doubled: 0,
  disordered: 0,
  older: 0,
  tooOld: 0,
  refused: 0,
  closed: 0,
})
