import { once } from 'node:events'
import WebSocket from 'ws'
import { type Answer, Caller, type LoadOptions, runOf } from './caller'

export { type Answer, type LoadOptions, runOf }

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
  async pause(deadlineMs = 30_000): Promise<Account> {
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
