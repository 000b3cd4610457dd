import type { Socket } from 'node:net'
import type { Channel } from './Codec'
import type { Turns } from './Contract'
import { BrokenRecord, type Handle, RecordReader, RecordWriter } from './Records'

/** A buffer that a burst has blown up is not kept. */
const LARGEST_SPARE = 1024 * 1024

/** The side of a one-way socket that writes: records are gathered, and written once a loop turn. */
export class StreamWriter implements Channel {
  readonly writer = new RecordWriter()
  readonly #socket: Socket
  readonly #taken: (() => void) | undefined
  #spare: Buffer | undefined
  #scheduled = false

  /** @param taken called when the writer has been emptied */
  constructor(socket: Socket, taken?: () => void) {
    this.#socket = socket
    this.#taken = taken
    socket.on('error', () => {}) // a reader that died; the other direction tells, when it has been read to its end
  }

  get waiting(): number {
    return this.writer.size + this.#socket.writableLength
  }

  wrote(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.flush())
  }

  /** Writes what has been gathered, now. */
  flush(): void {
    this.#scheduled = false
    if (this.writer.size === 0) return
    const chunk = this.writer.take(this.#spare)
    this.#spare = undefined
    this.#taken?.()
    if (this.#socket.destroyed) return // nobody will read it
    this.#socket.write(chunk, () => {
      // The socket is done with it: the writer may have it again.
      if (chunk.buffer.byteLength <= LARGEST_SPARE) this.#spare = Buffer.from(chunk.buffer)
    })
  }

  /** Resolves when everything has been handed to the system, or nobody will read it. */
  end(): Promise<void> {
    this.flush()
    return new Promise((resolve) => this.#socket.end(() => resolve()))
  }
}

/** The side of a one-way socket that reads: a bounded number of records a turn, and the rest before it takes more. */
export class StreamReader {
  readonly #socket: Socket
  readonly #reader: RecordReader
  readonly #turns: Turns
  readonly #over: (failure?: BrokenRecord) => void
  #ended = false
  #pumping = false
  #finished = false

  /** @param over called once, when everything has been read to the end, or what came were no records */
  constructor(socket: Socket, handle: Handle, turns: Turns, over: (failure?: BrokenRecord) => void) {
    this.#socket = socket
    this.#reader = new RecordReader(handle)
    this.#turns = turns
    this.#over = over
    socket.on('data', (chunk) => {
      this.#reader.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
      if (!this.#pumping) this.#pump()
    })
    socket.on('error', () => {}) // `close` follows
    socket.on('close', () => {
      this.#ended = true
      if (!this.#pumping) this.#finish()
    })
  }

  readonly #pump = () => {
    this.#pumping = false
    let all = false
    this.#turns.beginTurn()
    try {
      // What the turns before have left to do may be enough already.
      all = !this.#turns.spent() && this.#reader.read(() => this.#turns.spent())
    } catch (error) {
      if (!(error instanceof BrokenRecord)) {
        this.#again() // one record's fault must not hold up those behind it
        throw error
      }
      this.#finish(error)
      this.#socket.destroy()
      return
    } finally {
      this.#turns.endTurn()
    }
    if (!all) this.#again()
    else if (this.#ended) this.#finish()
    else this.#socket.resume()
  }

  #again(): void {
    this.#pumping = true
    this.#socket.pause()
    setImmediate(this.#pump)
  }

  #finish(failure?: BrokenRecord): void {
    if (this.#finished) return
    this.#finished = true
    this.#over(failure)
  }
}
