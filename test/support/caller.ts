import WebSocket from 'ws'
import { authString, type Frame, phone, type UserFields } from './client'

export interface LoadOptions {
  readonly url: string
  readonly clients: number
  /** Calls that each client keeps open. */
  readonly inFlight: number
  readonly method: string
  /** More fields of a call. @param call its number in its connection, from 1 */
  readonly data?: (client: number, call: number) => Readonly<Record<string, unknown>>
  /** Who connects; default: a `wechatUser` each with its own id. */
  readonly user?: (client: number) => UserFields
  /** Told of every answer. */
  readonly onAnswer?: (answer: Answer) => void
}

export interface Answer {
  readonly client: number
  readonly call: number
  readonly frame: Frame
  readonly waitedMs: number
}

type Outcome = 'open' | 'answered' | 'named' | 'refused'

/** A client that keeps a number of calls open. It is the only one to send on its connection, so its n-th call is its n-th frame. */
export class Caller {
  readonly socket: WebSocket
  readonly #index: number
  readonly #options: LoadOptions
  readonly #outcomes: Outcome[] = []
  readonly #sentAt: number[] = []
  #running = false
  #open = 0
  #newest = 0
  #heardAt = 0
  #settled = () => {}
  readonly counts = { doubled: 0, answeredAndNamed: 0, outOfOrder: 0, longestWait: 0, longestGap: 0, fallen: 0 }
  readonly statuses = new Map<number, number>()

  constructor(index: number, options: LoadOptions) {
    this.#index = index
    this.#options = options
    const address = new URL(options.url)
    address.searchParams.set('auth', authString(options.user?.(index) ?? phone(`load${index}`)))
    this.socket = new WebSocket(address)
    this.socket.on('error', () => {}) // `close` follows, and a handshake that fails rejects `connect`
    this.socket.on('close', () => {
      this.counts.fallen = 1
      this.#settled()
    })
    this.socket.on('message', (data) => this.#hear(JSON.parse(String(data))))
  }

  run(): void {
    this.#running = true
    this.#heardAt = performance.now()
    while (this.#open < this.#options.inFlight) this.#call()
  }

  /** Makes no new calls; resolves when none is open any more, or none ever will be settled. */
  stop(): Promise<void> {
    this.#running = false
    if (this.#open === 0 || this.counts.fallen > 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#settled = resolve
    })
  }

  count(outcome: Outcome): number {
    return this.#outcomes.filter((each) => each === outcome).length
  }

  get sent(): number {
    return this.#outcomes.length
  }

  #call(): void {
    if (this.socket.readyState !== WebSocket.OPEN) return
    const call = this.#outcomes.push('open')
    this.#sentAt[call] = performance.now()
    this.#open++
    const data = this.#options.data?.(this.#index, call)
    this.socket.send(JSON.stringify({ ...data, method: this.#options.method, callId: call }))
  }

  #hear(frame: Frame): void {
    if (frame.event === 'receiveMessage') return
    if (typeof frame.callId === 'number') return this.#answered(frame.callId, frame)
    const run = runOf(frame)
    if (run === undefined) return
    const outcome = frame.status === 429 ? 'refused' : 'named'
    for (let call = run.from; call < run.from + run.count; call++) this.#named(call, outcome)
  }

  #answered(call: number, frame: Frame): void {
    const now = performance.now()
    const waitedMs = now - (this.#sentAt[call] ?? now)
    const { counts } = this
    counts.longestWait = Math.max(counts.longestWait, waitedMs)
    counts.longestGap = Math.max(counts.longestGap, now - this.#heardAt)
    this.#heardAt = now
    if (call < this.#newest) counts.outOfOrder++
    this.#newest = Math.max(this.#newest, call)
    this.statuses.set(frame.status, (this.statuses.get(frame.status) ?? 0) + 1)
    this.#options.onAnswer?.({ client: this.#index, call, frame, waitedMs })
    if (this.#outcomes[call - 1] === 'open') this.#settle(call, 'answered')
    else counts.doubled++
  }

  #named(call: number, outcome: 'named' | 'refused'): void {
    const before = this.#outcomes[call - 1]
    if (before === 'open') this.#settle(call, outcome)
    else if (before === 'answered' && outcome === 'named') this.counts.answeredAndNamed++
    else this.counts.doubled++
  }

  #settle(call: number, outcome: Outcome): void {
    this.#outcomes[call - 1] = outcome
    this.#open--
    if (this.#running) this.#call()
    else if (this.#open === 0) this.#settled()
  }
}

/** The frames that a 429 or 503 of the gateway names. */
export function runOf({ param }: Frame): { from: number; count: number } | undefined {
  if (typeof param !== 'object' || param === null || !('from' in param) || !('count' in param)) return undefined
  return { from: Number(param.from), count: Number(param.count) }
}
