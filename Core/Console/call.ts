import { type Command, InvalidArgumentError } from 'commander'
import WebSocket from 'ws'
import type { AppConfig } from '../../Library/Config/Schema'
import { isObject } from '../Wire/Protocol'
import { localAddressOf } from './address'
import { presentProject } from './project'
import { addUserOptions, makeAuth, type UserOptions } from './user'

interface CallOptions extends UserOptions {
  readonly url?: URL
  readonly auth?: string
  /** Seconds. */
  readonly timeout: number
}

export function addCall(program: Command): void {
  addUserOptions(program.command('call'))
    .description('connect as a user, call an action, print what comes until its reply')
    .argument('<method>', 'module.controller.action')
    .argument('[data]', 'the fields of the call, as JSON', '{}')
    .option('--url <url>', 'ws:// address of a public port; default: the first one of the configuration', readUrl)
    .option('--auth <string>', 'auth string; default: a fresh one for --id, --type, --code, --nickname')
    .option('--timeout <seconds>', 'how long to wait for the reply', readSeconds, 15)
    .addHelpText('after', `\nExample: console call index.index.index '{"name":"hello"}'`)
    .action(async (method: string, data: string, options: CallOptions) => {
      const { config } = presentProject()
      const fields = readFields(data)
      const url = options.url ?? configured(config.outside)
      url.searchParams.set('auth', options.auth ?? makeAuth(options, config))
      await call(url, { ...fields, method }, options.timeout * 1000)
    })
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'ws:' || url?.protocol === 'wss:') return url
  throw new InvalidArgumentError('It is an address such as ws://127.0.0.1:20000/.')
}

function readSeconds(text: string): number {
  const seconds = Number(text)
  if (seconds > 0 && seconds <= 3600) return seconds
  throw new InvalidArgumentError('It is a number of seconds, more than 0 and at most 3600.')
}

/** The address of the first public port. @throws Error when only the running server knows it */
function configured(outside: AppConfig['outside']): URL {
  const [port] = Object.values(outside)
  if (port === undefined || port.port === 0) {
    throw new Error('the configuration leaves the port open (0): give the address that the start banner shows by --url')
  }
  return new URL(localAddressOf(port.host, port.port, port.tls !== undefined))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // no JSON: as little of use as JSON that is no object
  }
}

function readFields(text: string): Record<string, unknown> {
  const fields = parse(text)
  if (isObject(fields)) return fields
  throw new Error(`the data ${text} is not a JSON object; write for example '{"name":"hello"}'`)
}

/** Prints every frame until the reply to the call. */
function call(url: URL, request: Record<string, unknown>, timeoutMs: number): Promise<void> {
  const callId = 'console'
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url)
    const deadline = setTimeout(() => end(new Error(`no reply within ${timeoutMs / 1000} s`)), timeoutMs)
    const end = (failure?: Error) => {
      clearTimeout(deadline)
      socket.removeAllListeners().on('error', () => {})
      socket.close()
      if (failure) reject(failure)
      else resolve()
    }
    socket.on('open', () => socket.send(JSON.stringify({ ...request, callId })))
    socket.on('message', (frame) => {
      console.log(String(frame))
      const reply = parse(String(frame))
      if (isObject(reply) && reply.callId === callId && reply.event !== 'receiveMessage') end()
    })
    socket.on('unexpected-response', (_, { statusCode, headers }) => {
      end(new Error(`the server refused the handshake: ${statusCode} ${headers.message ?? ''}`.trim()))
    })
    socket.on('error', (error) => end(new Error(`连接服务失败: ${error.message || url.host}`)))
    socket.on('close', (code, reason) => end(new Error(`the server closed the connection: ${code} ${reason}`)))
  })
}
