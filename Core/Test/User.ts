import type { Filter, Frame } from './Frames'
import type { Inbox } from './Inbox'
import type { Closed, InsideSocket } from './Inside'
import { describe, type Logged } from './LogBook'

/** How long a frame may take, in milliseconds: less than what test runners give a test, so that the failure says what did come. */
const WITHIN_MS = 4000

export interface Within {
  /** Milliseconds. */
  readonly within?: number
}

/** What a client wants of the app that it is connected to. */
export interface Host {
  /** Resolves when everything that was sent has been handled. */
  settled(): Promise<void>
  lastError(fd: number): Logged | undefined
}

/** A client of the app. */
export class User {
  /** The number of the connection, as controllers see it. */
  readonly fd: number
  /** How the connection ended; resolves when the onClose hooks have run and it is off the record. */
  readonly closed: Promise<Closed>
  readonly #host: Host
  readonly #socket: InsideSocket
  readonly #inbox: Inbox
  #sent = 0

  constructor(host: Host, socket: InsideSocket, inbox: Inbox) {
    this.#host = host
    this.#socket = socket
    this.#inbox = inbox
    this.fd = socket.fd
    this.closed = socket.ended
    this.closed.then(() => inbox.end())
  }

  /** Every frame that came, in order; without the acknowledgements of `call`. */
  get frames(): readonly Frame[] {
    return this.#inbox.frames.all
  }

  /** The last error that was logged about this connection: why a call was answered 500. */
  get lastError(): Logged | undefined {
    return this.#host.lastError(this.fd)
  }

  /**
   * Calls an action.
   * @param method `module.controller.action`
   * @returns its reply, whatever the status: the first frame for this call but the acknowledgement
   * @throws Error when the action ends without one, the connection closes, or it takes longer than `within` (default 4000)
   */
  async call(
    method: string,
    data: Readonly<Record<string, unknown>> = {},
    { within = WITHIN_MS }: Within = {},
  ): Promise<Frame> {
    const { callId, reply } = this.#inbox.expect(this.#sent + 1)
    this.send({ ...data, method, callId })
    const give = () => this.#inbox.give(callId, undefined)
    const deadline = setTimeout(give, within)
    let ended = false
    this.#host.settled().then(
      () => {
        ended = true
        give()
      },
      () => {}, // Redis is away: the deadline decides
    )
    const frame = await reply
    clearTimeout(deadline)
    if (frame) return frame
    throw this.#failure(
      ended && this.#socket.open
        ? `${method} ended without a reply to its caller; if that is right, use send() and next()`
        : `${method} was not answered ${this.#when(within)}`,
    )
  }

  /** Sends a text as it is, anything else as JSON, and waits for nothing. @throws Error when the connection is closed */
  send(message: unknown): void {
    const text = typeof message === 'string' ? message : JSON.stringify(message)
    if (text !== '2') this.#sent++
    this.#socket.write(text)
  }

  /**
   * Takes the next frame of this event, or that the filter wants; one that has come already counts, if nobody has taken it.
   * @throws Error that shows what did come, after `within` (default 4000)
   */
  async next(wanted: string | Filter, { within = WITHIN_MS }: Within = {}): Promise<Frame> {
    const frame = await this.#inbox.frames.next(filterOf(wanted), within)
    if (frame) return frame
    throw this.#failure(`no ${nameOf(wanted)} came ${this.#when(within)}`)
  }

  /**
   * Waits until everything that any client has sent so far was handled.
   * @throws Error when a frame of this event, or that the filter wants, has come that nobody has taken
   */
  async none(wanted: string | Filter): Promise<void> {
    await this.#host.settled()
    const { length } = this.#inbox.frames.kept(filterOf(wanted))
    if (length > 0)
      throw this.#failure(`${nameOf(wanted)} came ${length === 1 ? 'once' : `${length} times`}, it should not`)
  }

  /**
   * Goes, and waits until the onClose hooks have run and the connection is off the record.
   * @param code of the close frame; 1006: the connection breaks off without one
   */
  async close(code = 1000): Promise<Closed> {
    this.#socket.leave(code)
    return this.closed
  }

  #when(within: number): string {
    const { gone } = this.#socket
    return gone ? `before the connection was closed with ${gone.code} ${gone.reason}`.trimEnd() : `within ${within} ms`
  }

  #failure(what: string): Error {
    const { lastError } = this
    const logged = lastError ? `\nThe server logged:\n${describe(lastError)}` : ''
    return new Error(`${what} (fd ${this.fd}). ${this.#inbox.frames}${logged}`)
  }
}

const filterOf = (wanted: string | Filter): Filter =>
  typeof wanted === 'string' ? ({ event }) => event === wanted : wanted

const nameOf = (wanted: string | Filter) => (typeof wanted === 'string' ? wanted : 'such frame')
