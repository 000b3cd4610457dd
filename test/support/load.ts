import { once } from 'node:events'
import WebSocket from 'ws'
import { authString, type Frame, phone, type UserFields } from './client'

/** What became of the calls of a load. Every call is in exactly one of `answered`, `named`, `refused` and `lost`. */
export interface Account {
  readonly sent: number
  /** The action's own reply came. */
  readonly answered: number
  /** Named by a 503 `{from, count}`, and not answered. */
  readonly named: number
  /** Named by a 429 `{from, count}`. */
  readonly refused: number
  /** Nothing was ever heard of it. */
  readonly lost: number
  /** Answers and namings beyond the first of a call, other than `answeredAndNamed`. */
  readonly doubled: number
  /** Answered, and then named by a 503: its answer was out when its worker died. */
  readonly answeredAndNamed: number
  /** Answers that came after the answer of a later call of the same connection. */
  readonly outOfOrder: number
  /** Connections that have ended. */
  readonly fallen: number
  /** Answers by status, such as `{200: 5000, 500: 1}`. */
  readonly statuses: Readonly<Record<number, number>>
  /** The longest time from a call to its answer, in milliseconds. */
  readonly longestWait: number
  /** The longest time that a running connection with calls open was without any answer, in milliseconds. */
  readonly longestGap: number
}

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
class Caller {
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

/** Clients in closed loop, which account for every call. */
export class Load {
  readonly #callers: readonly Caller[]

  private constructor(callers: readonly Caller[]) {
    this.#callers = callers
  }

  /** @returns when all are connected @throws Error when one is refused */
  static async connect(options: LoadOptions): Promise<Load> {
    const callers = Array.from({ length: options.clients }, (_, index) => new Caller(index, options))
    await Promise.all(callers.map(({ socket }) => once(socket, 'open')))
    return new Load(callers)
  }

  /** Begins, or goes on after `pause`. */
  run(): void {
    for (const caller of this.#callers) caller.run()
  }

  /** Makes no new calls. @param deadlineMs how long open ones may take to be settled; then they count as lost @returns the account so far */
  async pause(deadlineMs = 10_000): Promise<Account> {
    let late: NodeJS.Timeout | undefined
    const deadline = new Promise<void>((resolve) => {
      late = setTimeout(resolve, deadlineMs)
    })
    await Promise.race([deadline, Promise.all(this.#callers.map((caller) => caller.stop()))])
    clearTimeout(late)
    return this.account()
  }

  account(): Account {
    const callers = this.#callers
    const sum = (of: (caller: Caller) => number) => callers.reduce((total, caller) => total + of(caller), 0)
    const most = (of: (caller: Caller) => number) => Math.round(Math.max(0, ...callers.map(of)))
    const statuses: Record<number, number> = {}
    for (const caller of callers) {
      for (const [status, count] of caller.statuses) statuses[status] = (statuses[status] ?? 0) + count
    }
    return {
      sent: sum(({ sent }) => sent),
      answered: sum((caller) => caller.count('answered')),
      named: sum((caller) => caller.count('named')),
      refused: sum((caller) => caller.count('refused')),
      lost: sum((caller) => caller.count('open')),
      doubled: sum(({ counts }) => counts.doubled),
      answeredAndNamed: sum(({ counts }) => counts.answeredAndNamed),
      outOfOrder: sum(({ counts }) => counts.outOfOrder),
      fallen: sum(({ counts }) => counts.fallen),
      statuses,
      longestWait: most(({ counts }) => counts.longestWait),
      longestGap: most(({ counts }) => counts.longestGap),
    }
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    await Promise.all(
      this.#callers.map(({ socket }) => {
        if (socket.readyState === WebSocket.CLOSED) return undefined
        const closed = once(socket, 'close')
        socket.close()
        return closed
      }),
    )
  }
}

/** The frames that a 429 or 503 of the gateway names. */
export function runOf({ param }: Frame): { from: number; count: number } | undefined {
  if (typeof param !== 'object' || param === null || !('from' in param) || !('count' in param)) return undefined
  return { from: Number(param.from), count: Number(param.count) }
}
