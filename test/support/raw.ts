import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { authString, phone, type UserFields } from './client'

const LENGTH_16 = 126
const LENGTH_64 = 127
const TEXT = 0x81
const CLOSE = 8

/**
 * A WebSocket client on a bare TCP socket, for what a library's client cannot do: to stop reading for good, or to read millions of
 * frames without making objects of them.
 */
export class RawClient {
  readonly socket: Socket
  readonly closed: Promise<unknown>
  /** The code of the close frame; 1006 while none came. */
  closeCode = 1006
  #rest: Buffer = Buffer.alloc(0)
  #hear: (frame: Buffer) => void = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    this.closed = once(socket, 'close')
    socket.on('error', () => {}) // `closed` tells
  }

  static async connect(url: string, user: UserFields = phone()): Promise<RawClient> {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    const client = new RawClient(socket)
    await once(socket, 'connect')
    socket.write(
      [
        `GET /?auth=${encodeURIComponent(authString(user))} HTTP/1.1`,
        `Host: ${hostname}`,
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
        '\r\n',
      ].join('\r\n'),
    )
    const [head] = await once(socket, 'data')
    if (!String(head).startsWith('HTTP/1.1 101')) throw new Error(`the handshake was answered ${head}`)
    socket.on('data', (chunk) => client.#read(Buffer.from(chunk)))
    return client
  }

  /** @param hear gets the payload of each data frame; valid only while the call lasts */
  listen(hear: (frame: Buffer) => void): void {
    this.#hear = hear
  }

  /** Sends a text of less than 64 KiB. */
  send(text: string): void {
    const payload = Buffer.from(text)
    const { length } = payload
    const head = length < LENGTH_16 ? [length] : [LENGTH_16, length >> 8, length & 0xff]
    const [first = 0, ...rest] = head
    // Masked, as a client's frames must be; with a mask of zeros, which changes nothing.
    this.socket.write(Buffer.concat([Buffer.from([TEXT, 0x80 | first, ...rest, 0, 0, 0, 0]), payload]))
  }

  /** Reads nothing any more. */
  stopReading(): void {
    this.socket.pause()
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    for (;;) {
      const head = headOf(bytes, at)
      if (head === undefined || head.end > bytes.length) break
      const payload = bytes.subarray(head.start, head.end)
      if (head.opcode === CLOSE) this.closeCode = payload.readUInt16BE(0)
      else this.#hear(payload)
      at = head.end
    }
    this.#rest = bytes.subarray(at)
  }
}

/** Where the payload of the frame at `at` stands; undefined when its head is not there yet. */
function headOf(bytes: Buffer, at: number): { opcode: number; start: number; end: number } | undefined {
  if (bytes.length < at + 2) return undefined
  const opcode = (bytes[at] ?? 0) & 0x0f
  const short = (bytes[at + 1] ?? 0) & 0x7f
  if (short < LENGTH_16) return { opcode, start: at + 2, end: at + 2 + short }
  const start = at + (short === LENGTH_64 ? 10 : 4)
  if (bytes.length < start) return undefined
  const length = short === LENGTH_64 ? Number(bytes.readBigUInt64BE(at + 2)) : bytes.readUInt16BE(at + 2)
  return { opcode, start, end: start + length }
}
