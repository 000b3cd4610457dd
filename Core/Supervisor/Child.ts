import { type ChildProcess, fork } from 'node:child_process'
import { deadline } from '../../Library/Deadline'
import { ledger } from '../Metrics/Ledger'
import { type Boot, isReport, type Order, type Report } from '../Orders'

type Kind = Report['report']
type ReportOf<K extends Kind> = Extract<Report, { report: K }>
type Listener = (report: Report) => boolean

/** A process that the supervisor has started. */
export class Child {
  /** How the process ended; resolves once. */
  readonly ended: Promise<string>
  /** What it has told of how it is doing. */
  readonly account = ledger.open()
  readonly #process: ChildProcess
  readonly #listeners = new Set<Listener>()
  #alive = true
  #clean = false
  #ready = false

  /** @param entry the file to run */
  constructor(entry: string) {
    this.#process = fork(entry, { execArgv: [], stdio: 'inherit' })
    this.ended = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => {
        this.#clean = code === 0
        resolve(signal ? `was ended by ${signal}` : `exited with code ${code}`)
      })
      this.#process.once('error', (error) => resolve(`could not be started: ${error.message}`))
    })
    this.ended.then(() => {
      this.#alive = false
      ledger.close(this.account)
    })
    this.on('gatewayStatus', ({ status: gateway, worker }) =>
      this.account.take(worker ? { gateway, worker } : { gateway }),
    )
    this.on('workerStatus', ({ status: worker }) => this.account.take({ worker }))
    this.#process.on('message', (message) => {
      if (!isReport(message)) return
      for (const listener of this.#listeners) if (listener(message)) this.#listeners.delete(listener)
    })
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  get alive(): boolean {
    return this.#alive
  }

  /** It has started: until then there is nothing in it that would want a good end. */
  get ready(): boolean {
    return this.#ready
  }

  /** It has ended in good order. */
  get clean(): boolean {
    return this.#clean
  }

  /**
   * Lets it start.
   * @param limitMs how long it may take to load one file of user code, and whatever else it does, in milliseconds; none for a process
   *   without user code
   * @throws Error that says why it did not; it may still run
   */
  async boot(boot: Boot, limitMs?: number): Promise<ReportOf<'ready'>> {
    const failed = this.next('failed').then(({ message }) => {
      throw new Error(message)
    })
    failed.catch(() => {}) // it may end, some day, without having failed
    const ready = this.ask({ order: 'boot', boot }, 'ready').then((report) => {
      this.#ready = true
      return report
    })
    ready.catch(() => {}) // the failure says more
    if (limitMs === undefined) return Promise.race([failed, ready])
    const { hangs, over } = this.#patience(limitMs)
    return Promise.race([failed, ready, hangs]).finally(over)
  }

  /** @returns what rejects when the loading of user code does not go on, and what ends the watch */
  #patience(limitMs: number): { hangs: Promise<never>; over: () => void } {
    let end = () => {}
    const hangs = new Promise<never>((_, reject) => {
      const wait = (file: string) => {
        end()
        end = deadline(limitMs, () => {
          reject(new Error(`${file} hangs: it did not go on for ${limitMs / 1000} s (setting.stall_limit)`))
        })
      }
      wait('the start of the process')
      this.on('loads', ({ file }) => wait(file))
    })
    return { hangs, over: () => end() }
  }

  /** @returns the answer to an order @throws Error when the process ends before it comes */
  ask<K extends Kind>(order: Order, kind: K): Promise<ReportOf<K>> {
    const answer = this.next(kind)
    this.order(order)
    return answer
  }

  order(order: Order): void {
    // One that has just died cannot be told; `ended` says so.
    if (this.#process.connected) this.#process.send(order, () => {})
  }

  /** @returns the next report of a kind @throws Error when the process ends before it comes */
  next<K extends Kind>(kind: K, wanted: (report: ReportOf<K>) => boolean = () => true): Promise<ReportOf<K>> {
    return new Promise((resolve, reject) => {
      const listener: Listener = (report) => {
        if (!isKind(report, kind) || !wanted(report)) return false
        resolve(report)
        return true
      }
      this.#listeners.add(listener)
      this.ended.then((how) => {
        this.#listeners.delete(listener)
        reject(new Error(`the process ${how}`))
      })
    })
  }

  /** Calls back at every report of a kind, as long as the process lives. */
  on<K extends Kind>(kind: K, callback: (report: ReportOf<K>) => void): void {
    this.#listeners.add((report) => {
      if (isKind(report, kind)) callback(report)
      return false
    })
  }

  /**
   * Lets it stop in good order; after the deadline it is killed.
   * @param deadlineMs milliseconds
   * @returns whether it ended by itself
   */
  async stop(order: Extract<Order, { order: 'stop' }>, deadlineMs: number): Promise<boolean> {
    let killed = false
    const deadline = setTimeout(() => {
      killed = true
      this.kill()
    }, deadlineMs)
    this.order(order)
    await this.ended
    clearTimeout(deadline)
    return !killed
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }
}

function isKind<K extends Kind>(report: Report, kind: K): report is ReportOf<K> {
  return report.report === kind
}
