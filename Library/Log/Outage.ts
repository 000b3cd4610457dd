import { log } from './Log'

/** Logs one line when something goes away and one when it is back, however many times it is tried in between. */
export class Outage {
  readonly #what: string
  readonly #fields: Readonly<Record<string, string>>
  #since: number | undefined

  /** @param fields which one it is, for the log */
  constructor(what: 'Redis' | 'a database', fields: Readonly<Record<string, string>>) {
    this.#what = what
    this.#fields = fields
  }

  /** Something failed because it is away. */
  away(why: string): void {
    if (this.#since !== undefined) return
    this.#since = performance.now()
    log.error({ ...this.#fields, why }, `${this.#what} is away`)
  }

  /** Something worked. */
  back(): void {
    if (this.#since === undefined) return
    const seconds = Math.round((performance.now() - this.#since) / 100) / 10
    this.#since = undefined
    log.info({ ...this.#fields, seconds }, `${this.#what} is back`)
  }
}

/** @returns the error that is behind this one, if it names one, else itself */
export const causeOf = (error: unknown): unknown =>
  error instanceof Error && error.cause instanceof Error ? error.cause : error

/** What an error says; never all of it: a failed login carries the command with the password, a failed statement its values. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // All addresses of a name failed: the message of the whole is empty.
  if (error.message === '' && error instanceof AggregateError) return error.errors.map(reasonOf).join(', ')
  return error.message
}
