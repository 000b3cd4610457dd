/** What the server sends: a reply to a call, or an event. */
export interface Frame {
  /** 200: done; 400 and above: refused, or failed. 0 in a `CallError`: the call got no answer. */
  readonly status: number
  readonly event: string
  /** For people. */
  readonly info: string
  readonly param?: unknown
  /** Of the call that it answers. */
  readonly callId?: string | number
}

/** Why a call failed: what the server answered, or status 0 and `timeout`, `offline`, `connectionLost` or `closed`. */
export class CallError extends Error implements Frame {
  readonly status: number
  readonly event: string
  readonly info: string
  readonly param?: unknown
  readonly callId?: string | number
  constructor(frame: Frame)
}

/**
 * `connecting`: a handshake is under way; `open`; `waiting`: until the next try; `closed`: for good, by `close()`, or because the
 * server does not want this client back.
 */
export type State = 'connecting' | 'open' | 'waiting' | 'closed'

/** Why the state is what it is. */
export interface StateDetail {
  /** The close code of the connection that ended; 1006: it broke off, or did not come about; 4408: nothing was heard from the server. */
  readonly code?: number
  readonly reason?: string
  /** Milliseconds until the next try. */
  readonly retryIn?: number
}

/** As much of a WebSocket as the client needs. It calls the handlers that the client sets. */
export interface SocketLike {
  onopen: unknown
  onmessage: unknown
  onclose: unknown
  onerror: unknown
  send(text: string): void
  close(code?: number, reason?: string): void
}

export interface ConnectOptions {
  /**
   * An auth string, or what fetches one. It is asked again when the server has closed with 4401, and after a handshake that failed (a
   * browser does not say why it did). Default: none, for a port without auth.
   */
  readonly auth?: string | (() => string | Promise<string>)
  /** Makes the socket. Default: the global `WebSocket`; Node 20 has none: `(url) => new WebSocket(url)` with that of the package `ws`. */
  readonly open?: (url: string) => SocketLike
  /** Milliseconds within which a dead connection is found. Default 30,000; more than 60,000 the server does not wait. */
  readonly heartbeat?: number
  /** Milliseconds that a call may take. Default 10,000. */
  readonly timeout?: number
  /** Calls that wait while there is no connection; more are refused (`offline`). Default 64; 0: none waits. */
  readonly queue?: number
}

export interface CallOptions {
  /** Milliseconds; default that of the client. */
  readonly timeout?: number
}

/** Takes a handler off again. */
export type Off = () => void

export interface Client {
  readonly state: State
  /**
   * Calls an action. While there is no connection the call waits for it.
   * @param method `module.controller.action`
   * @returns the first reply that is not the acknowledgement
   * @throws CallError when the reply has a status of 400 or above, when none comes in time, or when the connection ends before it: the
   *   action may have run then
   */
  call(method: string, data?: object, options?: CallOptions): Promise<Frame>
  /** Hears an event, whoever caused it; what answers a call is not heard again here. */
  on(event: string, handler: (frame: Frame) => void): Off
  /** Runs after every connect and reconnect, at once when there is a connection: to join what has to be joined again. Calls that wait go after it. */
  onOpen(handler: () => unknown): Off
  onState(handler: (state: State, detail: StateDetail) => void): Off
  /** Hears what went wrong without a call that could tell: a handshake, an auth string that could not be fetched, a handler that throws. */
  onError(handler: (error: Error) => void): Off
  /** Closes for good; calls that have no answer fail (`closed`). */
  close(): void
}

/** Connects, stays connected, and calls what the server has. Never throws: what goes wrong is told by `onError` and `onState`. */
export function connect(url: string, options?: ConnectOptions): Client

/** What `open` has to be in a WeChat mini-program: `connect(url, { open: miniProgram(wx) })`. */
export function miniProgram(wx: { connectSocket(options: { url: string }): SocketTask }): (url: string) => SocketLike

/** A socket of the mini-program, as far as it is used. */
export interface SocketTask {
  send(options: { data: string }): void
  close(options: { code?: number; reason?: string }): void
  onOpen(handler: () => void): void
  onMessage(handler: (message: { data: unknown }) => void): void
  onClose(handler: (close: { code: number; reason: string }) => void): void
  onError(handler: (error: { errMsg: string }) => void): void
}
