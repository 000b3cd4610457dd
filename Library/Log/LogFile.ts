import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readdirSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const NAME = /^\d{4}-\d{2}-\d{2}\.log$/
/** How long after a failure the file is tried again, and how often it is looked at whether it still stands in its folder. Milliseconds. */
const PATIENCE = 1000

export interface LogFileOptions {
  /** The folder of the files; made (0700) when it is not there. */
  readonly folder: string
  /** Files of more than so many days ago are removed; whole days, 0 or more. */
  readonly keepDays: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Told once when writing begins to fail and once when it works again. */
  readonly complain: (text: string) => void
}

/**
 * One file a local day, `YYYY-MM-DD.log`, that several processes append to.
 *
 * A line is one synchronous write with O_APPEND: lines of two processes never mix, and a killed process has written all that it
 * logged. sonic-boom keeps what it could not write and throws at some later time; this drops it, counts it, and says so.
 */
export class LogFile {
  readonly #options: LogFileOptions
  #fd: number | undefined
  /** The day of the open file: it begins here and ends before the next. */
  #dayStart = Number.POSITIVE_INFINITY
  #dayEnd = Number.NEGATIVE_INFINITY
  #lookedAt = 0
  #failedAt: number | undefined
  #lost = 0

  /** Never throws: a folder that cannot be made is complained about, and tried again. */
  constructor(options: LogFileOptions) {
    this.#options = options
    try {
      mkdirSync(options.folder, { recursive: true, mode: 0o700 })
      this.#turnTo(options.now())
    } catch (error) {
      this.#fail(error, options.now())
    }
  }

  /** Appends one line (with its newline). Never throws; a line that cannot be written is lost and counted. */
  write(line: string): void {
    const now = this.#options.now()
    if (this.#failedAt !== undefined && Math.abs(now - this.#failedAt) < PATIENCE) {
      this.#lost++
      return
    }
    try {
      append(this.#ready(now), line)
      this.#recovered()
    } catch (error) {
      this.#lost++
      this.#fail(error, now)
    }
  }

  /** Sees to it that what was written survives a power cut. */
  flush(): void {
    if (this.#fd === undefined) return
    try {
      fsyncSync(this.#fd)
    } catch (error) {
      this.#fail(error, this.#options.now())
    }
  }

  close(): void {
    const fd = this.#fd
    this.#fd = undefined
    if (fd === undefined) return
    try {
      closeSync(fd)
    } catch {
      // A close that fails leaves nothing to close, and the lines are in the system's hands.
    }
  }

  #ready(now: number): number {
    if (this.#fd === undefined || now < this.#dayStart || now >= this.#dayEnd) return this.#turnTo(now)
    if (Math.abs(now - this.#lookedAt) >= PATIENCE) {
      this.#lookedAt = now
      // A file that was deleted goes on taking lines which nobody will ever read.
      if (fstatSync(this.#fd).nlink === 0) return this.#turnTo(now)
    }
    return this.#fd
  }

  #turnTo(now: number): number {
    this.close()
    const day = new Date(now)
    const { folder } = this.#options
    // Not recursive: a Runtime that is gone was taken away on purpose, and nobody wants it back for a log line.
    mkdirIfMissing(folder)
    const fd = openSync(join(folder, `${dateOf(day)}.log`), 'a', 0o640)
    this.#fd = fd
    this.#dayStart = new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime()
    this.#dayEnd = new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1).getTime()
    this.#lookedAt = now
    this.#removeOld(day)
    return fd
  }

  #removeOld(today: Date): void {
    const { folder, keepDays } = this.#options
    const oldest = dateOf(new Date(today.getFullYear(), today.getMonth(), today.getDate() - keepDays))
    for (const name of readdirSync(folder)) {
      if (!NAME.test(name) || name.slice(0, 10) >= oldest) continue
      try {
        unlinkSync(join(folder, name))
      } catch {
        // Another process was faster, or may not remove it: the next midnight tries again, logging goes on.
      }
    }
  }

  #fail(error: unknown, now: number): void {
    this.close()
    const first = this.#failedAt === undefined
    this.#failedAt = now
    if (!first) return
    const why = error instanceof Error ? error.message : String(error)
    this.#options.complain(`the log in ${this.#options.folder} cannot be written, lines go to the screen only: ${why}`)
  }

  #recovered(): void {
    if (this.#failedAt === undefined) return
    this.#options.complain(`the log in ${this.#options.folder} is written again, ${this.#lost} lines were lost`)
    this.#failedAt = undefined
    this.#lost = 0
  }
}

/** The whole line or an error. A short write happens on a disk that is almost full. */
function append(fd: number, line: string): void {
  const bytes = Buffer.from(line, 'utf8')
  let at = 0
  while (at < bytes.length) at += writeSync(fd, bytes, at)
}

function mkdirIfMissing(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}

/** The local date, as the people who look for a log file count days. */
function dateOf(day: Date): string {
  const month = String(day.getMonth() + 1).padStart(2, '0')
  return `${String(day.getFullYear()).padStart(4, '0')}-${month}-${String(day.getDate()).padStart(2, '0')}`
}
