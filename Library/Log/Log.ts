import { join } from 'node:path'
import { type LevelWithSilent, type Logger, pino } from 'pino'
import { LineOut } from './LineOut'
import { LogFile } from './LogFile'
import { redact } from './Redact'
import { Screen } from './Screen'

export type { Logger } from 'pino'

export interface LogOptions {
  /** The folder of what is written at run time: lines go to `<runtime>/logs/YYYY-MM-DD.log` (local date). */
  readonly runtime: string
  readonly level: LevelWithSilent
  /** Which process writes: 'supervisor', 'gateway 1', 'worker 2' ... */
  readonly name: string
  /** Files of more than so many days ago are removed at the start and at midnight. Whole days, 0 or more; default 14. */
  readonly keepDays?: number
  /** A folder that is a copy of another one: lines speak of the original, so that a stack names a file that a person can open. */
  readonly copy?: { readonly folder: string; readonly of: string }
  /** The clock of dates and time stamps, milliseconds since 1970; for tests. */
  readonly now?: () => number
}

/** The environment variable of a process whose standard output nobody sees: what goes to the file need not go there, too. */
export const DAEMON = 'MSWOOLE_DAEMON'

const STDOUT = 1

let screen: Screen | undefined
let file: LogFile | undefined
let taker: ((line: string) => void) | undefined
let now: () => number = Date.now
let original = (line: string) => line
let who = `,"pid":${process.pid}`

/**
 * The log of this process: one object for its whole life, so import it once. Before `configureLog` it writes to standard output
 * only. Children made before take part in everything that is configured later. No call throws for what happens to the output.
 *
 * Values of fields named auth, key, token, password, authorization and the like never reach the output, nor do auth strings in URLs,
 * `v2.` and Bearer tokens, passwords in URLs. So give a Redis key another field name (`group`).
 */
export const log: Logger = pino(
  {
    level: 'info',
    base: null,
    // The base fields stand here and not in `base`, which would be frozen into children that were made before the configuration.
    timestamp: () => `,"time":"${new Date(now()).toISOString()}"${who}`,
    formatters: { level: (label) => ({ level: label }) },
  },
  {
    write(line: string) {
      const clean = original(redact(line))
      if (taker) return taker(clean)
      if (file === undefined || process.env[DAEMON] === undefined) {
        screen ??= new Screen(new LineOut(STDOUT, unshown))
        screen.write(clean)
      }
      file?.write(clean)
    },
  },
)

function unshown(count: number): void {
  log.warn({ count }, 'lines were not shown: whoever reads standard output was too slow; the log file has them')
}

/**
 * Names the process and begins its file. Called once by each process; a second call replaces the first.
 *
 * @throws RangeError for keepDays, Error for a level that there is not. A folder that cannot be written throws nothing: it is said
 *   once on standard error and tried again with later lines.
 */
export function configureLog(options: LogOptions): void {
  const { keepDays = 14 } = options
  if (!Number.isInteger(keepDays) || keepDays < 0) {
    throw new RangeError('log: keepDays must be a whole number of days, 0 or more')
  }
  log.level = options.level
  closeLog()
  now = options.now ?? Date.now
  const { copy } = options
  original = copy ? (line) => line.replaceAll(copy.folder, copy.of) : (line) => line
  who = `,"pid":${process.pid},"name":${JSON.stringify(options.name)}`
  file = new LogFile({
    folder: join(options.runtime, 'logs'),
    keepDays,
    now,
    complain: (text) => process.stderr.write(`${new Date(now()).toISOString()} ${options.name}: ${redact(text)}\n`),
  })
}

/**
 * Hands the lines (JSON, each with its newline) over instead of writing them, until what this returns is called: for programs that
 * run a server inside themselves, as tests do. Replaces whoever took them before.
 * @param take may not throw
 */
export function divertLog(level: LevelWithSilent, take: (line: string) => void): () => void {
  const before = log.level
  log.level = level
  taker = take
  return () => {
    taker = undefined
    log.level = before
  }
}

/** Lines are written when they are logged; this also waits for the disk, as before an exit after a fatal error. Never throws. */
export function flushLog(): void {
  file?.flush()
}

/** Ends the file; what is logged afterwards goes to standard output only. May be called at any time, and again. */
export function closeLog(): void {
  file?.close()
  file = undefined
}
