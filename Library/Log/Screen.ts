import { writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import type * as PinoPretty from 'pino-pretty'

const STDOUT = 1

/** What the screen needs of `process.stdout`. */
export interface Out {
  readonly isTTY?: boolean
  write(text: string): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** Standard output for a thread: its `process.stdout` is written by the main thread, which may stand still. */
export const threadOut: Out = {
  isTTY: isatty(STDOUT),
  write: (text) => {
    try {
      writeSync(STDOUT, text)
    } catch {
      // Nobody reads, or the pipe is full: the file has the line.
    }
  },
  on: () => {},
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

/**
 * Log lines on standard output: for people on a terminal, JSON lines for everything else. Node writes to terminals, files and (on
 * POSIX) pipes synchronously, so nothing is lost when the process is killed.
 */
export class Screen {
  readonly #out: Out
  readonly #pretty: ((line: string) => string) | undefined
  #gone = false

  constructor(out: Out) {
    this.#out = out
    if (out.isTTY) this.#pretty = prettyPrinter(true)
    // Whoever read us has left (EPIPE). The file goes on; without a listener this would end the process.
    out.on('error', () => {
      this.#gone = true
    })
  }

  /** One JSON line, with its newline. */
  write(line: string): void {
    if (this.#gone) return
    this.#out.write(this.#pretty ? this.#pretty(line) : line)
  }
}
