import { writeSync } from 'node:fs'
import { isatty } from 'node:tty'

/** Lines that wait for a slow reader; what is more is not shown. */
const MOST_WAITING = 10_000

/** How often a slow reader is tried again, in milliseconds. */
const RETRY_MS = 10

/** How long a process that ends tries to get rid of what waits, in milliseconds. */
const LAST_MS = 500

const sleepSync = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

/**
 * Lines for whoever reads a descriptor that several processes write to. Each line is a write of its own, which the system takes as a
 * whole or not at all. `process.stdout` joins lines that wait, and they are cut in the middle of one, where another process goes on.
 */
export class LineOut {
  readonly isTTY: boolean
  readonly #fd: number
  readonly #unshown: (count: number) => void
  #waiting: Buffer[] = []
  #dropped = 0
  #retry: NodeJS.Timeout | undefined
  #gone = false

  /** @param unshown told how many lines the reader was too slow for, when it reads again */
  constructor(fd: number, unshown: (count: number) => void) {
    this.#fd = fd
    this.#unshown = unshown
    this.isTTY = isatty(fd)
    process.on('exit', () => this.#finish())
  }

  /** Takes a line, with its newline; never waits, never throws. */
  write(line: string): void {
    if (this.#gone) return
    if (this.#waiting.length >= MOST_WAITING) {
      this.#dropped++
      return
    }
    this.#waiting.push(Buffer.from(line))
    if (this.#waiting.length === 1) this.#flush()
  }

  #flush(): void {
    const done = this.#waiting.findIndex((line, index) => {
      const written = this.#written(line)
      if (written === line.length) return false
      this.#waiting[index] = line.subarray(written)
      return true
    })
    if (done < 0) {
      this.#waiting = []
      this.#told()
      return
    }
    this.#waiting.splice(0, done)
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined
      this.#flush()
    }, RETRY_MS).unref()
  }

  /** @returns so many bytes of it */
  #written(line: Buffer): number {
    if (this.#gone) return line.length
    try {
      return writeSync(this.#fd, line)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0
      this.#gone = true // whoever read us has left
      return line.length
    }
  }

  #told(): void {
    const count = this.#dropped
    this.#dropped = 0
    if (count > 0 && !this.#gone) this.#unshown(count)
  }

  #finish(): void {
    const deadline = performance.now() + LAST_MS
    while (this.#waiting.length > 0 && performance.now() < deadline) {
      this.#flush()
      if (this.#waiting.length > 0) sleepSync(RETRY_MS)
    }
  }
}
