import { log } from '../../Library/Log/Log'
import { gatewayCounts } from '../Metrics/GatewayCounts'
import type { Tls } from '../Tls'
import { authIn } from './Auth'
import type { SocketData } from './Connection'
import { Door } from './Door'
import {
  type HttpRequest,
  type HttpResponse,
  type TemplatedApp,
  type us_listen_socket,
  uws,
  type WebSocket,
} from './Engine'
import type { Files } from './Files'
import type { Gateway } from './Gateway'

/** Beyond this the engine cuts the connection without a word; the limit that clients meet lies below it. */
const ENGINE_FRAME_LIMIT = 64 * 1024

type Socket = WebSocket<SocketData>

export interface OutsideOptions {
  readonly name: string
  readonly host: string
  readonly port: number
  /** Clients must bring a valid auth string. */
  readonly auth: boolean
  /** Bytes of one frame. */
  readonly frameLimit: number
  /** Bytes that may wait for a slow reader. */
  readonly bufferLimit: number
  /** undefined: plain ws:// and http://. */
  readonly tls: Tls | undefined
}

/** One public port: handshakes, bytes in and bytes out, and files. */
export class Outside {
  readonly #gateway: Gateway
  readonly #files: Files
  readonly options: OutsideOptions
  readonly #door: Door
  readonly #app: TemplatedApp
  #listener: us_listen_socket | undefined

  constructor(gateway: Gateway, files: Files, options: OutsideOptions) {
    this.#gateway = gateway
    this.#files = files
    this.options = options
    this.#door = new Door(gateway, options)
    const { tls } = options
    const app = tls ? uws.SSLApp({ cert_file_name: tls.cert, key_file_name: tls.key }) : uws.App()
    this.#app = app
      .ws<SocketData>('/*', {
        maxPayloadLength: Math.max(ENGINE_FRAME_LIMIT, options.frameLimit * 4),
        maxBackpressure: options.bufferLimit,
        closeOnBackpressureLimit: true,
        sendPingsAutomatically: false,
        idleTimeout: 0, // the engine's would count what the server sends as life
        compression: 0,
        upgrade: (response, request, context) => this.#upgrade(response, request, context),
        open: (socket) => this.#open(socket),
        message: (socket, message) => this.#door.message(socket.getUserData().connection, message),
        ping: (socket) => gateway.alive(socket.getUserData().connection),
        pong: (socket) => gateway.alive(socket.getUserData().connection),
        dropped: (socket) => socket.getUserData().connection.dropped(),
        close: (socket, code) => {
          gateway.shut(socket.getUserData().connection, code)
        },
      })
      .any('/*', (response, request) => this.#answer(response, request))
    gateway.hub.addPort((topic, text) => this.#app.publish(topic, text, false))
  }

  /**
   * Starts to listen.
   * @returns the real port
   * @throws Error when the port cannot be had
   */
  listen(): Promise<number> {
    const { host, port, name } = this.options
    return new Promise((resolve, reject) => {
      this.#app.listen(host, port, (listener) => {
        if (!listener) return reject(new Error(`the port ${name} could not listen on ${host}:${port}`))
        this.#listener = listener
        resolve(uws.us_socket_local_port(listener))
      })
    })
  }

  /** No new handshakes. */
  stopListening(): void {
    if (this.#listener) uws.us_listen_socket_close(this.#listener)
    this.#listener = undefined
  }

  /** Everything is synchronous: a throw here, or a request that is kept, would end the process. */
  #upgrade(response: HttpResponse, request: HttpRequest, context: Parameters<HttpResponse['upgrade']>[4]): void {
    response.onAborted(() => {})
    try {
      const key = request.getHeader('sec-websocket-key')
      const protocol = request.getHeader('sec-websocket-protocol').split(',', 1)[0]?.trim() ?? ''
      const extensions = request.getHeader('sec-websocket-extensions')
      const ip = Buffer.from(response.getRemoteAddressAsText()).toString()
      if (request.getHeader('sec-websocket-version') !== '13' || !isKey(key) || hasBody(request)) {
        this.#door.refuse('not a WebSocket handshake')
        return refuse(response, '400 Bad Request', 'not a WebSocket handshake')
      }
      const connection = this.#door.admit(ip, authIn(request.getQuery()))
      if (connection === 'the server stops') return refuse(response, '503 Service Unavailable', 'server stops')
      if (connection === 'too many connections of one address') {
        return refuse(response, '429 Too Many Requests', 'too many connections')
      }
      if (typeof connection === 'string') return refuse(response, '403 Forbidden', 'error auth')
      response.upgrade<SocketData>({ connection }, key, protocol, extensions, context)
    } catch (error) {
      log.error({ err: error }, 'a handshake failed')
      gatewayCounts.handshakesRefused['an error of the server']++
      response.close()
    }
  }

  #answer(response: HttpResponse, request: HttpRequest): void {
    if (request.getHeader('upgrade').toLowerCase() === 'websocket') {
      // Its key has not the length of one, so the engine did not take it for a handshake.
      gatewayCounts.handshakesRefused['not a WebSocket handshake']++
      return refuse(response, '400 Bad Request', 'not a WebSocket handshake')
    }
    if (!['get', 'head'].includes(request.getMethod())) return answerMissing(response)
    this.#files.serve(response, request, request.getUrl() === '/' ? answerRoot : answerMissing)
  }

  #open(socket: Socket): void {
    const { connection } = socket.getUserData()
    connection.open(socket)
    this.#gateway.opened(connection)
  }
}

/** 16 bytes in base64. */
const isKey = (key: string) => /^[A-Za-z0-9+/]{22}==$/.test(key)

/** The engine would read a body as the first frames, and of two lengths it takes the first. */
const hasBody = (request: HttpRequest) =>
  request.getHeader('content-length') !== '' || request.getHeader('transfer-encoding') !== ''

function refuse(response: HttpResponse, status: string, message: string): void {
  response.cork(() => {
    response.writeStatus(status).writeHeader('message', message).end()
  })
}

/** What a path is answered that no file has. */
function answerMissing(response: HttpResponse): void {
  response.writeStatus('404 Not Found').end()
}

function answerRoot(response: HttpResponse): void {
  response.writeHeader('content-type', 'text/html; charset=utf-8').end('<h1>Hi guy!</h1>')
}
