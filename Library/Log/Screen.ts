import type * as PinoPretty from 'pino-pretty'

/** What the screen needs of a `LineOut`. */
export interface Out {
  readonly isTTY: boolean
  write(line: string): void
}

/** A control character as JSON writes it, told from an escaped backslash before a plain `u00..`; tabs and newlines stay. */
const CONTROL = /\\\\|\\u00(?:0[0-8bcef]|1[0-9a-f])|[\u007f-\u009f]/g

/** @returns what makes of a JSON line one for people, with its newline */
export function prettyPrinter(colorize: boolean): (line: string) => string {
  // Only who has a terminal needs it, and it takes longer to load than the rest of the log.
  const { prettyFactory }: typeof PinoPretty = require('pino-pretty')
  const pretty = prettyFactory({ colorize, translateTime: 'SYS:HH:MM:ss.l', singleLine: true })
  // Logs carry what clients sent: on a terminal their escape sequences must stay text.
  return (line) => pretty(line.replace(CONTROL, (found) => (found === '\\\\' ? found : '\ufffd')))
}

/** Log lines on standard output: for people on a terminal, JSON lines for everything else. */
export class Screen {
  readonly #out: Out
  readonly #pretty: ((line: string) => string) | undefined

  constructor(out: Out) {
    this.#out = out
    if (out.isTTY) this.#pretty = prettyPrinter(true)
  }

  /** One JSON line, with its newline. */
  write(line: string): void {
    this.#out.write(this.#pretty ? this.#pretty(line) : line)
  }
}
