import { once } from 'node:events'
import { Socket } from 'node:net'
import WebSocket from 'ws'
import { des } from '../../Library/Encrypt/Encrypt'
import { type Filter, Inbox } from './inbox'

/** The key of the samples and of the fixtures. */
export const KEY = 'kfw001-websocket'

export interface Frame {
  readonly status: number
  readonly event: string
  readonly info: string
  readonly param?: unknown
  readonly callId?: string | number
}

/** The fields of an auth string; a fresh ctime is added. */
export type UserFields = Readonly<Record<string, unknown>>

export const authString = (user: UserFields, key = KEY) =>
  des(JSON.stringify({ ctime: Math.floor(Date.now() / 1000), ...user }), key)

export const phone = (id = '1', code = 'A'): UserFields => ({ id, type: 'wechatUser', code, nickname: `n${id}` })
export const wall = (id = '1', code = 'A'): UserFields => ({ id, type: 'wall', code, nickname: `w${id}` })

/** A WebSocket client with real frames, for tests. */
export class Client {
  readonly socket: WebSocket
  readonly frames = new Inbox<Frame>('frame')
  /** Texts as they came. */
  readonly texts: string[] = []
  /** How the connection ended. */
  readonly closed: Promise<{ code: number; reason: string }>
  #calls = 0

  private constructor(url: string) {
    this.socket = new WebSocket(url)
    this.closed = once(this.socket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }))
    this.closed.catch(() => {})
    this.socket.on('error', () => {}) // `closed` and `connect` tell
    this.socket.on('message', (data) => {
      const text = String(data)
      this.texts.push(text)
      if (text !== '3') this.frames.add(JSON.parse(text))
    })
  }

  /** @param user who connects; undefined or null: the url as it is */
  static async connect(url: string, ...given: [user?: UserFields | null | undefined]): Promise<Client> {
    const user = given.length === 0 ? phone() : given[0] // a default would stand in for undefined, too
    const address = new URL(url)
    if (user) address.searchParams.set('auth', authString(user))
    const client = new Client(address.href)
    await once(client.socket, 'open')
    return client
  }

  /** Sends text as it is, anything else as JSON. */
  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  next(event: string | Filter<Frame>, deadlineMs?: number): Promise<Frame> {
    return this.frames.next(typeof event === 'string' ? (frame) => frame.event === event : event, deadlineMs)
  }

  /** Calls a method, with a callId, and waits for its reply: the first frame of that call that is no acknowledgement. */
  call(method: string, data: UserFields = {}, deadlineMs?: number): Promise<Frame> {
    const callId = `c${++this.#calls}`
    this.send({ ...data, method, callId })
    return this.next((frame) => frame.callId === callId && frame.event !== 'receiveMessage', deadlineMs)
  }

  /** Closes with a close frame, and waits for the end. */
  async close(code = 1000): Promise<void> {
    this.socket.close(code)
    await this.closed
  }

  /** Breaks the connection off with a TCP reset: no close frame. */
  reset(): void {
    const socket: unknown = Reflect.get(this.socket, '_socket')
    if (socket instanceof Socket) socket.resetAndDestroy()
  }
}

/** Tries a handshake that the server is expected to refuse. @returns status and the header `message` */
export async function refused(url: string): Promise<{ status: number; message: string }> {
  const socket = new WebSocket(url)
  socket.on('error', () => {})
  const answer = once(socket, 'unexpected-response').then(([, { statusCode, headers }]) => ({
    status: Number(statusCode),
    message: String(headers.message ?? ''),
  }))
  const opened = once(socket, 'open').then(() => {
    socket.terminate()
    throw new Error(`the handshake with ${url} was accepted`)
  })
  opened.catch(() => {})
  return Promise.race([answer, opened]).finally(() => socket.terminate())
}
