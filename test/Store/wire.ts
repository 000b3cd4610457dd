import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Server } from './servers'

/** An answer with its type, as it stands on the wire: `+OK`, `:1`, `$text`, `$nil`, `*nil`, or an array of such. */
export type Wire = string | Wire[]

/** A request as a client library sends it. Text is latin1: one character a byte. */
export function request(...words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`
}

/** A client that speaks RESP2 by hand, and may break it. */
export class RawClient {
  readonly socket: Socket
  #received = ''

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.#received += text
    })
    socket.on('error', () => {})
  }

  static async connect(server: Server): Promise<RawClient> {
    const client = new RawClient(connect(server.path))
    await once(client.socket, 'connect')
    return client
  }

  /** One that ends with the test. */
  static async forTest(server: Server): Promise<RawClient> {
    const client = await RawClient.connect(server)
    onTestFinished(() => client.close())
    return client
  }

  close(): void {
    this.socket.destroy()
  }

  /** What the requests were answered; one client at a time. */
  async ask(...requests: readonly (readonly string[])[]): Promise<Wire[]> {
    this.socket.write(requests.map((words) => request(...words)).join(''), 'latin1')
    return this.answers(requests.length)
  }

  /** The next answers, with a deadline. */
  async answers(count: number): Promise<Wire[]> {
    const deadline = AbortSignal.timeout(60_000)
    const answers: Wire[] = []
    while (answers.length < count) {
      const decoded = decode(this.#received, 1)
      if (decoded === undefined) {
        await once(this.socket, 'data', { signal: deadline })
      } else {
        this.#received = this.#received.slice(decoded.end)
        answers.push(...decoded.answers)
      }
    }
    return answers
  }

  /** Everything that comes until the server closes the connection. */
  async untilClosed(): Promise<string> {
    if (!this.socket.closed) await once(this.socket, 'close', { signal: AbortSignal.timeout(60_000) })
    return this.#received
  }
}

function decode(text: string, count: number): { answers: Wire[]; end: number } | undefined {
  const answers: Wire[] = []
  let at = 0
  while (answers.length < count) {
    const end = text.indexOf('\r\n', at)
    if (end === -1) return undefined
    const line = text.slice(at, end)
    const size = Number(line.slice(1))
    at = end + 2
    if (line.startsWith('*') && size >= 0) {
      const inner = decode(text.slice(at), size)
      if (inner === undefined) return undefined
      answers.push(inner.answers)
      at += inner.end
    } else if (line.startsWith('$') && size >= 0) {
      if (text.length < at + size + 2) return undefined
      answers.push(`$${text.slice(at, at + size)}`)
      at += size + 2
    } else {
      answers.push(/^[$*]-1$/.test(line) ? `${line.charAt(0)}nil` : line)
    }
  }
  return { answers, end: at }
}
