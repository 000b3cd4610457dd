import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { isObject } from '../Wire/Protocol'

const NAME = /^\d{4}-\d{2}-\d{2}\.log$/

/** @returns the path of the newest log file; undefined when there is none */
export function newestLog(runtime: string): string | undefined {
  const folder = join(runtime, 'logs')
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => NAME.test(name)) : []
  const name = names.sort().at(-1)
  return name === undefined ? undefined : join(folder, name)
}

/** @returns what a line of the log says; undefined when it is none */
export function readLine(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? value : undefined
  } catch {
    return undefined // a line of which the disk took only a part
  }
}

/** How much of a file is read at once, in bytes. */
const CHUNK = 64 * 1024

/**
 * The last lines of a file that are wanted, read from its end: a log of a day may be large.
 * @returns at most `count` lines, the oldest first, and where the last whole line ends, in bytes
 */
export function lastLines(file: string, count: number, wanted: (line: string) => boolean) {
  const fd = openSync(file, 'r')
  try {
    let at = fstatSync(fd).size
    let rest = Buffer.alloc(0)
    let end: number | undefined
    const lines: string[] = []
    while (at > 0 && (end === undefined || lines.length < count)) {
      const from = Math.max(0, at - CHUNK)
      rest = Buffer.concat([readAt(fd, from, at - from), rest])
      const begin = from === 0 ? 0 : rest.indexOf(NEWLINE) + 1
      const last = rest.lastIndexOf(NEWLINE) + 1
      if (end === undefined && last > 0) end = from + last
      at = from
      if (last <= begin) continue // not a whole line yet
      const whole = rest.subarray(begin, last).toString('utf8').split('\n').slice(0, -1)
      const room = count - lines.length
      if (room > 0) lines.unshift(...whole.filter(wanted).slice(-room))
      rest = rest.subarray(0, begin)
    }
    return { lines, end: end ?? 0 }
  } finally {
    closeSync(fd)
  }
}

const NEWLINE = 10

function readAt(fd: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  return bytes.subarray(0, readSync(fd, bytes, 0, length, at))
}

/** The end of the newest log file of a folder, which grows, and is followed by another one at midnight. */
export class Tail {
  readonly #runtime: string
  #file: string | undefined
  #fd: number | undefined
  #at = 0
  #rest = Buffer.alloc(0)

  /** @param from how much of the file has been read, in bytes */
  constructor(runtime: string, file: string | undefined, from: number) {
    this.#runtime = runtime
    if (file !== undefined) this.#open(file, from)
  }

  /** @returns the whole lines that have come since the last time */
  read(): string[] {
    const lines = this.#more()
    const newest = newestLog(this.#runtime)
    // An older one is no successor: the newest was deleted a moment ago, and comes anew.
    if (newest === undefined || newest < (this.#file ?? '')) return lines
    if (newest === this.#file && this.#isThere()) return lines
    lines.push(...this.#more()) // what came between the two looks
    this.close()
    this.#open(newest, 0)
    return [...lines, ...this.#more()]
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #open(file: string, from: number): void {
    this.#file = file
    this.#fd = openSync(file, 'r')
    this.#at = from
    this.#rest = Buffer.alloc(0)
  }

  /** One that was deleted is written anew under the same name. */
  #isThere(): boolean {
    return this.#fd !== undefined && fstatSync(this.#fd).nlink > 0
  }

  #more(): string[] {
    const fd = this.#fd
    const lines: string[] = []
    for (;;) {
      const bytes = fd === undefined ? this.#rest.subarray(0, 0) : readAt(fd, this.#at, CHUNK)
      if (bytes.length === 0) return lines
      this.#at += bytes.length
      const whole = Buffer.concat([this.#rest, bytes])
      const end = whole.lastIndexOf(NEWLINE) + 1
      lines.push(...whole.subarray(0, end).toString('utf8').split('\n').slice(0, -1))
      this.#rest = whole.subarray(end)
    }
  }
}

/** @returns the newest error in the log that is not older than `since` */
export function lastComplaint(runtime: string, since: Date): string | undefined {
  const file = newestLog(runtime)
  const isError = (line: string) => /^\{"level":"(?:error|fatal)"/.test(line)
  const [line = ''] = file === undefined ? [] : lastLines(file, 1, isError).lines
  const { time, msg, err } = readLine(line) ?? {}
  if (!(new Date(String(time)) >= since)) return undefined
  return isObject(err) ? `${msg}: ${err.message}` : String(msg)
}
