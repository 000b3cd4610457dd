import { log } from '../Log/Log'
import { reasonOf } from './DatabaseAway'

/** Logs one line when a database goes away and one when it is back, however many times it is tried in between. */
export class Outage {
  readonly #name: string
  #since: number | undefined

  constructor(name: string) {
    this.#name = name
  }

  /** Something failed because the database is away. */
  away(error: unknown): void {
    if (this.#since !== undefined) return
    this.#since = performance.now()
    log.error({ database: this.#name, why: reasonOf(error) }, 'a database is away')
  }

  /** Something worked. */
  back(): void {
    if (this.#since === undefined) return
    const seconds = Math.round((performance.now() - this.#since) / 100) / 10
    this.#since = undefined
    log.info({ database: this.#name, seconds }, 'a database is back')
  }
}
