import { splitInline } from './Inline'

/**
 * RESP2, the protocol between ioredis and the embedded store: requests in, answers out.
 *
 * Text is kept in "binary" form everywhere in the store: one character a byte (latin1). So any bytes round-trip, lengths are byte
 * lengths, and order is the order of bytes, as in Redis. Only scripts see text decoded (see Memory/Scripts).
 */

/** An error that a client gets as its answer. The message begins with Redis' code word: `ERR ...`, `WRONGTYPE ...`. */
export class RedisError extends Error {}

/** What Redis answers without quotes: `+OK`. */
export class Status {
  constructor(readonly text: string) {}
}

/** Several answers to one request; only the subscribe family gives them. */
export class Answers {
  constructor(readonly list: readonly Answer[]) {}
}

/** `*-1`: an EXEC that WATCH stopped, or a pop with a count from nothing. */
export const NIL_ARRAY = Symbol('nil array')
export const OK = new Status('OK')

export type Answer = string | number | bigint | null | typeof NIL_ARRAY | Status | RedisError | Answers | Answer[]

/** The longest answer, in bytes. V8 has no strings over 512 MiB, and one client must not take the memory of all. */
const MAX_ANSWER = 256 * 1024 * 1024
const MAX_BULK = 64 * 1024 * 1024
const MAX_ARGUMENTS = 1024 * 1024
const MAX_REQUEST = 128 * 1024 * 1024
const MAX_LINE = 64 * 1024

const NOTHING = Buffer.alloc(0)
const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const ASTERISK = 42
const DOLLAR = 36

export function encode(answer: Answer): string {
  if (typeof answer === 'string') return `$${answer.length}\r\n${answer}\r\n`
  if (typeof answer === 'number' || typeof answer === 'bigint') return `:${answer}\r\n`
  if (answer === null) return '$-1\r\n'
  if (answer === NIL_ARRAY) return '*-1\r\n'
  if (answer instanceof Status) return `+${answer.text}\r\n`
  if (answer instanceof RedisError) return `-${answer.message.replace(/[\r\n]+/g, ' ')}\r\n`
  if (answer instanceof Answers) return encodeAll('', answer.list)
  return encodeAll(`*${answer.length}\r\n`, answer)
}

function encodeAll(head: string, answers: readonly Answer[]): string {
  let text = head
  for (const answer of answers) {
    const next = encode(answer)
    if (text.length + next.length > MAX_ANSWER) {
      throw new RedisError('ERR the answer is over 256 MiB, the most that the embedded store sends')
    }
    text += next
  }
  return text
}

/** The client broke the protocol. Nothing that it sends afterwards can be understood, so the connection has to end. */
export class ProtocolError extends RedisError {
  constructor(what: string) {
    super(`ERR Protocol error: ${what}`)
  }
}

/**
 * Requests out of a byte stream that may be cut anywhere. `feed` what came, then take requests with `next` until there is none.
 * Holds at most one incomplete request (128 MiB) beside what was fed and not yet taken.
 */
export class RequestParser {
  #buffer: Buffer = NOTHING
  #position = 0
  /** Not yet joined to the buffer: joining for every chunk of a large value would copy it again and again. */
  #chunks: Buffer[] = []
  #chunkBytes = 0
  /** How many bytes the parser must see before it can go on. */
  #wanted = 1

  #arguments: string[] = []
  #missing = 0
  #bulkLength = -1
  #requestBytes = 0

  feed(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#chunkBytes += chunk.length
  }

  /** The next whole request, or undefined if more bytes are needed. Throws ProtocolError; the parser is useless from then on. */
  next(): string[] | undefined {
    while (this.#join()) {
      if (this.#missing === 0) {
        const line = this.#line()
        if (line === undefined) return undefined
        const inline = this.#begin(line)
        if (inline !== undefined) return inline
      } else {
        if (!this.#argument()) return undefined
        if (this.#missing === 0) return this.#take()
      }
    }
    return undefined
  }

  #join(): boolean {
    const left = this.#buffer.length - this.#position
    if (left + this.#chunkBytes < this.#wanted) {
      // An idle client must not hold on to the bytes of its last large request.
      if (left === 0) this.#drop()
      return false
    }
    if (this.#chunkBytes > 0) {
      this.#buffer = Buffer.concat([this.#buffer.subarray(this.#position), ...this.#chunks])
      this.#position = 0
      this.#chunks = []
      this.#chunkBytes = 0
    }
    this.#wanted = 1
    return true
  }

  #drop(): void {
    this.#buffer = NOTHING
    this.#position = 0
  }

  /** The next line without its end, from the buffer. */
  #line(): string | undefined {
    const end = this.#buffer.indexOf(LINE_FEED, this.#position)
    const length = (end === -1 ? this.#buffer.length : end) - this.#position
    if (length > MAX_LINE) throw new ProtocolError(this.#tooBig())
    if (end === -1) {
      this.#wanted = length + 1
      return undefined
    }
    const last = end > this.#position && this.#buffer[end - 1] === CARRIAGE_RETURN ? end - 1 : end
    const line = this.#buffer.toString('latin1', this.#position, last)
    this.#position = end + 1
    return line
  }

  #tooBig(): string {
    if (this.#missing > 0) return 'too big bulk count string'
    return this.#buffer[this.#position] === ASTERISK ? 'too big mbulk count string' : 'too big inline request'
  }

  /** Opens a request with its first line; an inline command is complete with it. */
  #begin(line: string): string[] | undefined {
    if (line.charCodeAt(0) !== ASTERISK) {
      const words = splitInline(line)
      if (words === undefined) throw new ProtocolError('unbalanced quotes in request')
      return words.length > 0 ? words : undefined
    }
    const count = line.slice(1)
    if (!/^-?\d{1,10}$/.test(count) || Number(count) > MAX_ARGUMENTS) {
      throw new ProtocolError('invalid multibulk length')
    }
    this.#missing = Math.max(0, Number(count))
    return undefined
  }

  /** Takes one argument of the open request. False if it has not come whole. */
  #argument(): boolean {
    if (this.#bulkLength === -1) {
      const line = this.#line()
      if (line === undefined) return false
      this.#bulkLength = this.#lengthOf(line)
    }
    const end = this.#position + this.#bulkLength
    if (this.#buffer.length < end + 2) {
      this.#wanted = this.#bulkLength + 2
      return false
    }
    this.#arguments.push(this.#buffer.toString('latin1', this.#position, end))
    this.#position = end + 2
    this.#bulkLength = -1
    this.#missing--
    return true
  }

  #lengthOf(line: string): number {
    if (line.charCodeAt(0) !== DOLLAR) throw new ProtocolError(`expected '$', got '${line.charAt(0) || ' '}'`)
    const length = line.slice(1)
    if (!/^\d{1,10}$/.test(length) || Number(length) > MAX_BULK) throw new ProtocolError('invalid bulk length')
    this.#requestBytes += Number(length)
    if (this.#requestBytes > MAX_REQUEST) throw new ProtocolError('too big request')
    return Number(length)
  }

  #take(): string[] {
    const request = this.#arguments
    this.#arguments = []
    this.#requestBytes = 0
    return request
  }
}
