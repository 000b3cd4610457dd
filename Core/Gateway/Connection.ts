import { CLOSES, type CloseReason } from '../Errors'
import type { Bytes } from '../Link/Contract'
import { countSent, gatewayCounts } from '../Metrics/GatewayCounts'
import type { User } from './Auth'
import { Bucket } from './Limits'
import type { Serving } from './Serving'

/** uWS copies the own properties of a socket's data, so the connection is one of them. */
export interface SocketData {
  readonly connection: Connection
}

/** What a connection needs of its socket; the engine's has it. Once closed, every method of it throws. */
export interface Socket {
  /** @returns 2 when the text was dropped */
  send(text: Bytes, isBinary: false): number
  /** Lets what `write` sends go out in one write. */
  cork(write: () => void): unknown
  subscribe(topic: string): unknown
  unsubscribe(topic: string): unknown
  /** Closes; it is told that it has closed before this returns. */
  end(code: number, reason: string): void
}

/** A frame that waits in the gateway. */
export interface Held {
  readonly frame: number
  readonly bytes: Buffer
  /** When it came, in milliseconds. */
  readonly since: number
}

export interface ConnectionOptions {
  readonly fd: number
  readonly port: string
  readonly ip: string
  readonly user: User | undefined
  readonly slot: number
  readonly burst: number
}

const HEARTBEAT_ANSWER = '3'

/** What the engine's `send` returns when it did not. */
const DROPPED = 2

/** The longest reason that fits a close frame, in bytes. */
const LONGEST_REASON = 123

/** What may stand in a close frame; anything else would make the client's side fail. */
function clampCode(code: number): number {
  const allowed = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999)
  return Number.isInteger(code) && allowed ? code : CLOSES.kicked.code
}

const bytesOf = (text: Bytes) => (typeof text === 'string' ? Buffer.byteLength(text) : text.length)

function clampReason(reason: string): string {
  const bytes = Buffer.from(reason)
  if (bytes.length <= LONGEST_REASON) return reason
  let end = LONGEST_REASON
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end-- // never cut a character in two
  return bytes.toString('utf8', 0, end)
}

/**
 * One client. The only file that calls a method of the socket: once the connection is closed the socket is forgotten, because a
 * closed socket throws on every call.
 */
export class Connection {
  readonly fd: number
  readonly port: string
  readonly ip: string
  readonly user: User | undefined
  readonly bucket: Bucket
  /** Unix milliseconds with a fraction, so that no two connections have the same. */
  readonly openedAt = performance.timeOrigin + performance.now()

  #socket: Socket | undefined
  #slow = false

  /** Frames that came so far, heartbeats not counted. */
  frames = 0
  /** The numbers of the frames that were passed to the worker, or wait for it, and are not yet done. */
  readonly inFlight: number[] = []
  /** Frames that wait until they may go to a worker. */
  readonly held: Held[] = []
  /** It is on record, or has waited for that long enough. */
  recorded = false
  /** Decides, with the number of workers, who serves it. */
  readonly slot: number
  /** Who has its messages. */
  worker: Serving | undefined
  /** The tick of the heartbeat in which the client was last heard. */
  heardAt = 0

  // What the record in Redis says of this connection; made when the first one comes.
  groups: Set<string> | undefined
  closeKeys: Set<string> | undefined
  controllers: Set<string> | undefined
  session: Map<string, string> | undefined

  constructor({ fd, port, ip, user, slot, burst }: ConnectionOptions) {
    this.fd = fd
    this.port = port
    this.ip = ip
    this.user = user
    this.slot = slot
    this.bucket = new Bucket(burst)
  }

  get closed(): boolean {
    return this.#socket === undefined
  }

  /** The handshake is over. */
  open(socket: Socket): void {
    this.#socket = socket
  }

  /** The socket has closed: from here on nothing is sent. @returns the close code, as the server's log names it */
  shut(code: number): number {
    this.#socket = undefined
    return this.#slow ? CLOSES.slowReader.code : code
  }

  /** The engine dropped a message, and closes the socket, because the client reads too slowly. */
  dropped(): void {
    this.#slow = true
    gatewayCounts.dropped['slow reader']++
  }

  send(text: Bytes): boolean {
    if (this.#socket === undefined || this.#socket.send(text, false) === DROPPED) return false
    countSent(1, bytesOf(text))
    return true
  }

  /** Answers a heartbeat. */
  beat(): void {
    this.#socket?.send(HEARTBEAT_ANSWER, false)
  }

  /** Sends several texts with one write to the socket. */
  sendAll(texts: readonly Bytes[]): void {
    this.#socket?.cork(() => {
      for (const text of texts) this.send(text)
    })
  }

  subscribe(topic: string): void {
    this.#socket?.subscribe(topic)
  }

  unsubscribe(topic: string): void {
    this.#socket?.unsubscribe(topic)
  }

  /** Closes with one of the server's own reasons. */
  close(reason: CloseReason): void {
    this.end(CLOSES[reason].code, CLOSES[reason].reason)
  }

  /** Closes; a code that may not be sent becomes 4403, a reason is cut to 123 bytes. */
  end(code: number, reason: string): void {
    this.#socket?.end(clampCode(code), clampReason(reason))
  }
}
