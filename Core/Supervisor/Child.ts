import { type ChildProcess, fork } from 'node:child_process'
import { type Boot, isReport, type Order, type Report } from '../Orders'

type Ready = Extract<Report, { report: 'ready' }>

/** A process that the supervisor has started. */
export class Child {
  readonly #process: ChildProcess
  /** How the process ended; resolves once. */
  readonly ended: Promise<string>

  /** @param entry the file to run */
  constructor(entry: string) {
    this.#process = fork(entry, { execArgv: ['--enable-source-maps'], stdio: 'inherit' })
    this.ended = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) =>
        resolve(signal ? `was ended by ${signal}` : `exited with code ${code}`),
      )
      this.#process.once('error', (error) => resolve(`could not be started: ${error.message}`))
    })
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /**
   * Lets it start.
   * @throws Error that says why it did not
   */
  boot(boot: Boot): Promise<Ready> {
    return new Promise((resolve, reject) => {
      this.#process.on('message', (message) => {
        if (!isReport(message)) return
        if (message.report === 'ready') resolve(message)
        else reject(new Error(message.message))
      })
      this.ended.then((how) => reject(new Error(`the process ${how} before it was ready`)))
      this.#order({ order: 'boot', boot })
    })
  }

  /**
   * Lets it stop in good order; after the deadline it is killed.
   * @param deadlineMs milliseconds
   * @returns whether it ended by itself
   */
  async stop(deadlineMs: number): Promise<boolean> {
    let killed = false
    const deadline = setTimeout(() => {
      killed = true
      this.kill()
    }, deadlineMs)
    this.#order({ order: 'stop' })
    await this.ended
    clearTimeout(deadline)
    return !killed
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  #order(order: Order): void {
    // One that has just died cannot be told; `ended` says so.
    if (this.#process.connected) this.#process.send(order, () => {})
  }
}
