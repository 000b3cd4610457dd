/**
 * A record on the link: its length (32 bit, of what follows), its type (8 bit), a number (64 bit float: an fd or the id of a
 * question), and fields: numbers as 64 bit floats, texts as length (32 bit) and UTF-8, one text at the end without its length.
 */

/** The largest record. What is longer cannot be written, and is garbage when it is read. */
export const LONGEST_RECORD = 32 * 1024 * 1024

const LENGTH = 4
const HEAD = LENGTH + 1 + 8
const FIRST_BUFFER = 64 * 1024

/** What was read is no record: the other side cannot be trusted any further. */
export class BrokenRecord extends Error {
  override name = 'BrokenRecord'
}

/** Gathers records; `take` hands over what was gathered since. */
export class RecordWriter {
  #buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_BUFFER)
  #at = 0
  /** The end of the last whole record. One that was begun behind it, and never ended because a field of it threw, is written over. */
  #start = 0

  /** Bytes that wait to be taken. */
  get size(): number {
    return this.#start
  }

  begin(type: number, subject: number): this {
    this.#at = this.#start
    this.#reserve(HEAD)
    this.#buffer[this.#at + LENGTH] = type
    this.#buffer.writeDoubleLE(subject, this.#at + LENGTH + 1)
    this.#at += HEAD
    return this
  }

  number(value: number): this {
    this.#reserve(8)
    this.#at = this.#buffer.writeDoubleLE(value, this.#at)
    return this
  }

  flag(value: boolean): this {
    this.#reserve(1)
    this.#buffer[this.#at++] = value ? 1 : 0
    return this
  }

  text(value: string): this {
    this.#reserve(LENGTH)
    const length = this.#at
    this.#at += LENGTH
    this.#append(value)
    this.#buffer.writeUInt32LE(this.#at - length - LENGTH, length)
    return this
  }

  /** Ends the record with a text that needs no length. @param tail what comes right behind it */
  end(rest: string | Buffer = '', tail = ''): void {
    this.#append(rest)
    if (tail !== '') this.#append(tail)
    const length = this.#at - this.#start - LENGTH
    if (length > LONGEST_RECORD) {
      throw new RangeError(`a record of ${length} bytes is too long for the link, it may have ${LONGEST_RECORD}`)
    }
    this.#buffer.writeUInt32LE(length, this.#start)
    this.#start = this.#at
  }

  /** Changes the flag of the record that starts at `offset`: of one that was written since the last `take`. */
  setFlag(offset: number): void {
    this.#buffer[offset + HEAD] = 1
  }

  /** @returns the gathered records; they stay valid, the writer goes on with `spare` or a buffer of its own */
  take(spare?: Buffer): Buffer {
    const taken = this.#buffer.subarray(0, this.#start)
    this.#buffer = spare ?? Buffer.allocUnsafeSlow(FIRST_BUFFER)
    this.#at = 0
    this.#start = 0
    return taken
  }

  #append(value: string | Buffer): void {
    if (typeof value === 'string') {
      this.#reserve(value.length * 3) // UTF-8 takes at most three bytes a UTF-16 unit
      this.#at += this.#buffer.write(value, this.#at)
    } else {
      this.#reserve(value.length)
      this.#buffer.set(value, this.#at)
      this.#at += value.length
    }
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes
    if (needed <= this.#buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#at)
    this.#buffer = grown
  }
}

/** Reads the fields of one record, in the order they were written. */
export class Fields {
  #buffer: Buffer = Buffer.alloc(0)
  #at = 0
  #end = 0

  /** @returns the fields of the record whose body stands in `buffer` from `at` to `end` */
  over(buffer: Buffer, at: number, end: number): this {
    this.#buffer = buffer
    this.#at = at
    this.#end = end
    return this
  }

  number(): number {
    return this.#buffer.readDoubleLE(this.#advance(8))
  }

  flag(): boolean {
    return this.#buffer[this.#advance(1)] === 1
  }

  text(): string {
    const length = this.#buffer.readUInt32LE(this.#advance(LENGTH))
    const start = this.#advance(length)
    return this.#buffer.toString('utf8', start, start + length)
  }

  /** A view into the link's own buffer, valid until the record has been handled. */
  rest(): Buffer {
    return this.#buffer.subarray(this.#at, this.#end)
  }

  restText(): string {
    return this.#buffer.toString('utf8', this.#at, this.#end)
  }

  #advance(bytes: number): number {
    const at = this.#at
    if (at + bytes > this.#end) throw new BrokenRecord('a record ends before its fields do')
    this.#at = at + bytes
    return at
  }
}

/** Handles one record. */
export type Handle = (type: number, subject: number, fields: Fields) => void

/** Cuts a stream of bytes, however it is split, into records. */
export class RecordReader {
  readonly #handle: Handle
  readonly #fields = new Fields()
  #rest: Buffer | undefined
  #at = 0
  /** Chunks behind `rest`, and how many bytes `rest` must have before it is worth joining them to it. */
  #more: Buffer[] = []
  #moreBytes = 0
  #wanted = 0

  constructor(handle: Handle) {
    this.#handle = handle
  }

  /** Adds bytes; they must stay as they are until `read` has said that it is done with them. */
  push(chunk: Buffer): void {
    if (this.#rest === undefined) {
      this.#rest = chunk
      this.#at = 0
      return
    }
    this.#more.push(chunk)
    this.#moreBytes += chunk.length
  }

  /**
   * Handles the records that are there, until `enough` says so between two of them.
   * @returns whether all whole records have been handled
   * @throws BrokenRecord when the bytes are no records
   */
  read(enough: () => boolean): boolean {
    const buffer = this.#join()
    if (buffer === undefined) return true
    while (buffer.length - this.#at >= LENGTH) {
      const length = buffer.readUInt32LE(this.#at)
      if (length < HEAD - LENGTH || length > LONGEST_RECORD) throw new BrokenRecord(`a record of ${length} bytes`)
      const end = this.#at + LENGTH + length
      if (end > buffer.length) {
        this.#wanted = LENGTH + length
        return this.#done(buffer)
      }
      const body = this.#at + LENGTH
      this.#at = end
      const type = buffer[body] ?? 0
      this.#handle(type, buffer.readDoubleLE(body + 1), this.#fields.over(buffer, body + 9, end))
      if (enough()) return this.#done(buffer)
    }
    this.#wanted = LENGTH
    return this.#done(buffer)
  }

  /** Whether nothing of what was pushed is still needed, so that its buffer may be used again. */
  get empty(): boolean {
    return this.#rest === undefined
  }

  /** Joins what came since, once there is enough of it: a long record in many chunks is copied once, not once a chunk. */
  #join(): Buffer | undefined {
    const rest = this.#rest
    if (rest === undefined || this.#more.length === 0) return rest
    if (rest.length - this.#at + this.#moreBytes < this.#wanted) return rest
    this.#rest = Buffer.concat([rest.subarray(this.#at), ...this.#more])
    this.#at = 0
    this.#more = []
    this.#moreBytes = 0
    return this.#rest
  }

  /** @returns whether no whole record is left */
  #done(buffer: Buffer): boolean {
    const left = buffer.length - this.#at
    if (left === 0 && this.#more.length === 0) {
      this.#rest = undefined
      return true
    }
    const all = left + this.#moreBytes
    if (left < LENGTH) return all < LENGTH
    return all < LENGTH + buffer.readUInt32LE(this.#at)
  }
}
