import type { AppConfig } from '../../Library/Config/Schema'
import { log } from '../../Library/Log/Log'
import type { Outgoing, ToWorker } from '../Link/Contract'
import type { Connection } from './Connection'
import type { Refusals } from './Refusals'

/** What may wait in the link to a worker, in bytes; beyond it new messages get 503. */
const LINK_LIMIT = 64 * 1024 * 1024

/** How long a message waits for its connection to be put on record, in milliseconds. */
const RECORD_WAIT_MS = 500

/** What all hooks of one close may take together, in milliseconds. */
const HOOKS_MS = 5000

/** Which worker serves which connection, and what is under way there. */
export class Assignment {
  readonly #mostInFlight: number
  readonly #timeoutMs: number
  readonly #refusals: Refusals
  readonly #closing = new Map<number, { connection: Connection; confirm: () => void }>()
  #worker: Outgoing<ToWorker> | undefined

  constructor({ max_in_flight, controller_timeout }: AppConfig['setting'], refusals: Refusals) {
    this.#mostInFlight = max_in_flight
    this.#timeoutMs = controller_timeout * 1000
    this.#refusals = refusals
  }

  /** From now on `worker` serves the connections. */
  serve(worker: Outgoing<ToWorker>): void {
    this.#worker = worker
  }

  /** Passes a frame on; it is copied before this returns. */
  pass(connection: Connection, frame: ArrayBuffer): void {
    const { frames, inFlight, held } = connection
    if (inFlight.length >= this.#mostInFlight) return this.#refusals.add(connection, 'tooManyRequests', frames)
    if (held) {
      if (held.length === 0) setTimeout(() => this.release(connection), RECORD_WAIT_MS)
      inFlight.push(frames)
      held.push(Buffer.from(frame.slice(0)))
      return
    }
    const worker = this.#attached(connection)
    if (worker === undefined) return this.#refusals.add(connection, 'serviceUnavailable', frames)
    inFlight.push(frames)
    worker.message(connection.fd, Buffer.from(frame))
  }

  /** The connection is on record, or has waited for it long enough: its messages may go. */
  release(connection: Connection): void {
    const { fd, held, inFlight } = connection
    if (held === undefined) return
    connection.held = undefined
    if (held.length === 0 || connection.closed) return
    const worker = this.#attached(connection)
    if (worker === undefined) {
      this.#refusals.addAll(connection, 'serviceUnavailable', inFlight.splice(0))
      return
    }
    for (const frame of held) worker.message(fd, frame)
  }

  /** The oldest message under way has been handled. */
  done(connection: Connection): void {
    connection.inFlight.shift()
  }

  /**
   * Tells the worker that a connection has closed.
   * @returns when the hooks of all controllers that asked have run, or their time is over
   */
  async close(connection: Connection, code: number): Promise<void> {
    const { fd, controllers } = connection
    const underWay = connection.inFlight.length > 0
    connection.inFlight.length = 0
    const asked = controllers ? [...controllers] : []
    if (asked.length === 0) {
      if (connection.attached) this.#worker?.close(fd, code, asked)
      return
    }
    const worker = this.#attached(connection)
    if (worker === undefined) {
      log.error(
        { fd, controllers: asked },
        'no worker could take the close of a connection: its onClose hooks did not run',
      )
      return
    }
    const confirmed = new Promise<void>((confirm) => this.#closing.set(fd, { connection, confirm }))
    const deadline = setTimeout(
      () => {
        log.error(
          { fd, controllers: asked },
          'the onClose hooks of a connection took too long; the clean-up goes on without',
        )
        this.closed(fd)
      },
      HOOKS_MS + (underWay ? this.#timeoutMs : 0),
    )
    worker.close(fd, code, asked)
    await confirmed
    clearTimeout(deadline)
  }

  /** The worker has handled the close of `fd`. */
  closed(fd: number): void {
    this.#closing.get(fd)?.confirm()
    this.#closing.delete(fd)
  }

  /** @returns the connection whose close the worker is handling now */
  closing(fd: number): Connection | undefined {
    return this.#closing.get(fd)?.connection
  }

  /** @returns the worker, which now knows of the connection; undefined when there is none, or it has too much to do */
  #attached(connection: Connection): Outgoing<ToWorker> | undefined {
    const worker = this.#worker
    if (worker === undefined || worker.waiting > LINK_LIMIT) return undefined
    if (!connection.attached) {
      connection.attached = true
      const { fd, port, ip, user, session } = connection
      const stored = session ? JSON.stringify([...session]) : ''
      worker.attach(fd, { port, ip, auth: user?.json ?? '', session: stored })
    }
    return worker
  }
}
