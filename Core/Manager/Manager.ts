import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type * as Ws from 'ws'
import type { AppConfig } from '../../Library/Config/Schema'
import { log } from '../../Library/Log/Log'
import { CONTENT_TYPE } from '../Metrics/Exposition'
import type { Reached } from '../Orders'
import type { Audit, Errand } from '../Supervisor/Inquiry'
import { isObject } from '../Wire/Protocol'
import { answer, type Reply } from './Answers'
import type { Status } from './Status'
import { isToken } from './Token'

/** How long a client may take to say what it wants, in milliseconds. */
const PATIENCE_MS = 5000

/** Bytes of one command. */
const LONGEST_COMMAND = 64 * 1024

/** Commands and wrong tokens a second; beyond it 429. */
const MOST_A_SECOND = 20

/** What the manager port can do; the supervisor does it. */
export interface Commands {
  /** @param progress told of each step @returns when no old code runs any more @throws Error that says why nothing has changed */
  reload(progress: (step: string) => void): Promise<void>
  /** @param progress told of each step @returns when no old process runs any more @throws Error that says why nothing has changed */
  restart(progress: (step: string) => void): Promise<void>
  /** Begins to stop. */
  stop(): void
  status(): Promise<Status>
  /** Says something to connections on whatever machine, or closes them. @throws Error that says why it could not */
  reach(errand: Errand): Promise<Reached>
  /** What the gateways have on record and do not hold. @param fix takes it off @throws Error that says why one could not look */
  audit(fix: boolean): Promise<Audit[]>
  /** Metrics in the text format of Prometheus. */
  metrics(): Promise<string>
  /** Why new clients are not welcome; undefined: they are. */
  obstacle(): string | undefined
}

/** Loaded when the port is made: by then the other processes load as well. */
const ws = (): typeof Ws => require('ws')

/**
 * The manager port: one command a connection, and who may give them. A web page cannot: whatever has an `Origin` is refused, so that
 * no page which an administrator opens can reach it.
 */
export class Manager {
  readonly #commands: Commands
  readonly #token: string
  readonly #server: Server
  readonly #sockets = new (ws().WebSocketServer)({
    noServer: true,
    maxPayload: LONGEST_COMMAND,
    perMessageDeflate: false,
  })
  #second = 0
  #count = 0

  constructor(commands: Commands, token: string) {
    this.#commands = commands
    this.#token = token
    this.#server = createServer({ requestTimeout: PATIENCE_MS, headersTimeout: PATIENCE_MS }, (request, response) =>
      this.#answerHttp(request, response),
    )
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  /** @returns the real port @throws Error that names the port and what to do about it */
  listen({ host, port }: AppConfig['manager']): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => {
        reject(
          new Error(
            `the manager port (${host}:${port}) cannot be used: ${error.message}; choose another one in Config/app.ts or APP_MANAGER_PORT`,
          ),
        )
      })
      this.#server.listen({ host, port, exclusive: true }, () => resolve(portOf(this.#server.address())))
    })
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets.clients) socket.close(1001)
    this.#server.closeIdleConnections()
  }

  #answerHttp(request: IncomingMessage, response: ServerResponse): void {
    if (request.headers.origin !== undefined) return void response.writeHead(403).end()
    if (request.method !== 'GET') return void response.writeHead(405, { allow: 'GET' }).end()
    switch (request.url) {
      case '/healthz':
        return void response.end('ok\n')
      case '/readyz': {
        const obstacle = this.#commands.obstacle()
        return void response.writeHead(obstacle === undefined ? 200 : 503).end(`${obstacle ?? 'ready'}\n`)
      }
      case '/metrics':
        return void this.#answerScrape(request, response).catch((error: unknown) => {
          log.error({ err: error }, 'metrics could not be told')
          response.writeHead(500).end()
        })
      default:
        return void response.writeHead(404).end()
    }
  }

  async #answerScrape(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = this.#refusal(request)
    if (refusal !== undefined) {
      warn(request, refusal)
      response.writeHead(Number.parseInt(refusal, 10)).end()
      return
    }
    response.writeHead(200, { 'content-type': CONTENT_TYPE }).end(await this.#commands.metrics())
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#refusal(request)
    if (refusal === undefined) {
      this.#sockets.handleUpgrade(request, socket, head, (client) => this.#serve(client))
      return
    }
    warn(request, refusal)
    socket.on('error', () => {}) // it has gone already
    socket.end(`HTTP/1.1 ${refusal}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
  }

  #refusal({ headers }: IncomingMessage): string | undefined {
    if (!this.#mayTry()) return '429 Too Many Requests'
    if (headers.origin !== undefined) return '403 Forbidden'
    const [, given = ''] = /^Bearer (.+)$/i.exec(headers.authorization ?? '') ?? []
    return isToken(given, this.#token) ? undefined : '401 Unauthorized'
  }

  #mayTry(): boolean {
    const second = Math.floor(performance.now() / 1000)
    if (second !== this.#second) this.#count = 0
    this.#second = second
    return ++this.#count <= MOST_A_SECOND
  }

  #serve(client: Ws.WebSocket): void {
    const late = setTimeout(() => client.close(1008, 'no command came'), PATIENCE_MS)
    client.on('error', () => {}) // `close` follows
    client.on('close', () => clearTimeout(late))
    client.once('message', async (data) => {
      clearTimeout(late)
      const command = parse(String(data))
      const json = isObject(command) && command.format === 'json'
      const send = (reply: Reply) => client.send(json ? JSON.stringify(reply.json) : reply.text)
      await answer(command, this.#commands, (step) => json && client.send(JSON.stringify({ progress: step }))).then(
        send,
      )
      client.close(1000)
    })
  }
}

function warn({ socket }: IncomingMessage, refusal: string): void {
  log.warn({ from: socket.remoteAddress, refusal }, 'the manager port refused a connection')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // no JSON: as little of use as JSON that is no object
  }
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0
}
