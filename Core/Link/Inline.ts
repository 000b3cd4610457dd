import { type Channel, GatewayRecords, readForGateway, readForWorker, WorkerRecords } from './Codec'
import type { Outgoing, ToGateway, ToWorker, Turns } from './Contract'
import { type Handle, RecordReader, RecordWriter } from './Records'
import { WorkerTurns } from './WorkerTurns'

/** A buffer that a burst has blown up is not kept for the next turn. */
const LARGEST_SPARE = 1024 * 1024

/** One direction of the link. */
class Pipe implements Channel {
  readonly writer = new RecordWriter()
  readonly wrote: () => void
  readonly #reader: RecordReader
  #chunk: Buffer | undefined
  #spare: Buffer | undefined

  constructor(handle: Handle, wrote: () => void) {
    this.#reader = new RecordReader(handle)
    this.wrote = wrote
  }

  get waiting(): number {
    return this.writer.size + (this.#chunk?.length ?? 0)
  }

  /**
   * Hands over what was written, until `enough`.
   * @param taken called when the writer has been emptied
   */
  deliver(enough: () => boolean, taken?: () => void): void {
    if (this.#reader.empty && this.writer.size > 0) {
      this.#chunk = this.writer.take(this.#spare)
      this.#spare = undefined
      taken?.()
      this.#reader.push(this.#chunk)
    }
    if (!enough()) this.#reader.read(enough)
    if (this.#reader.empty && this.#chunk !== undefined) {
      if (this.#chunk.buffer.byteLength <= LARGEST_SPARE) this.#spare = Buffer.from(this.#chunk.buffer)
      this.#chunk = undefined
    }
  }
}

/**
 * Gateway and worker in one process: the writer and the reader of the socket link, without the socket. Records are copied when they
 * are written, and handled after the stack of the one who wrote them has ended (rule 8).
 */
export class InlineLink {
  /** What the gateway writes to; nothing may be written before `serve`. */
  readonly toWorker: Outgoing<ToWorker>
  readonly toGateway: Outgoing<ToGateway>
  readonly #down: Pipe
  readonly #up: Pipe
  readonly #upRecords: GatewayRecords
  #forWorker: Handle | undefined
  #forGateway: Handle | undefined
  readonly #workerTurns = new WorkerTurns()
  #turns: Turns | undefined
  #scheduled = false

  constructor() {
    this.#down = new Pipe((type, subject, fields) => this.#forWorker?.(type, subject, fields), this.#schedule)
    this.#up = new Pipe((type, subject, fields) => this.#forGateway?.(type, subject, fields), this.#schedule)
    this.#upRecords = new GatewayRecords(this.#up)
    this.toWorker = new WorkerRecords(this.#down)
    this.toGateway = this.#upRecords
  }

  /** The two ends, which are made after the link that they write to. */
  serve(worker: ToWorker, gateway: ToGateway & Turns): void {
    this.#forWorker = readForWorker(worker)
    this.#forGateway = readForGateway(gateway)
    this.#turns = gateway
  }

  readonly #schedule = () => {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#turn)
  }

  readonly #turn = () => {
    this.#scheduled = false
    this.#workerTurns.beginTurn()
    this.#turns?.beginTurn()
    try {
      this.#down.deliver(() => this.#workerTurns.spent())
      // What the worker answered at once goes out in the same turn: its stack has ended.
      this.#up.deliver(
        () => this.#turns?.spent() ?? false,
        () => this.#upRecords.taken(),
      )
    } finally {
      this.#turns?.endTurn()
      if (this.#down.waiting > 0 || this.#up.waiting > 0) this.#schedule()
    }
  }
}
