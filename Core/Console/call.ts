import type { Command } from 'commander'
import WebSocket from 'ws'
import { isObject } from '../Wire/Protocol'
import { presentProject } from './project'
import { addUserOptions, makeAuth, type UserOptions } from './user'

interface CallOptions extends UserOptions {
  readonly url?: string
  readonly auth?: string
  readonly timeout: string
}

export function addCall(program: Command): void {
  addUserOptions(program.command('call'))
    .description('connect as a user, call an action, print what comes until its reply')
    .argument('<method>', 'module.controller.action')
    .argument('[data]', 'the fields of the call, as JSON', '{}')
    .option('--url <url>', 'ws:// address of a public port; default: the first one of the configuration')
    .option('--auth <string>', 'auth string; default: a fresh one for --id, --type, --code, --nickname')
    .option('--timeout <seconds>', 'how long to wait for the reply', '15')
    .addHelpText('after', `\nExample: console call index.index.index '{"name":"hello"}'`)
    .action(async (method: string, data: string, options: CallOptions) => {
      const { config } = presentProject()
      const [port] = Object.values(config.outside)
      const url = new URL(options.url ?? `ws://${port?.host}:${port?.port}/`)
      url.searchParams.set('auth', options.auth ?? makeAuth(options, config))
      await call(url, { ...readFields(data), method }, Number(options.timeout) * 1000)
    })
}

function readFields(text: string): Record<string, unknown> {
  let fields: unknown
  try {
    fields = JSON.parse(text)
  } catch {
    fields = undefined // said below, together with JSON that is no object
  }
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
      const reply: unknown = JSON.parse(String(frame))
      if (isObject(reply) && reply.callId === callId && reply.event !== 'receiveMessage') end()
    })
    socket.on('unexpected-response', (_, { statusCode, headers }) => {
      end(new Error(`the server refused the handshake: ${statusCode} ${headers.message ?? ''}`.trim()))
    })
    socket.on('error', (error) => end(new Error(`连接服务失败: ${error.message || url.host}`)))
    socket.on('close', (code, reason) => end(new Error(`the server closed the connection: ${code} ${reason}`)))
  })
}
