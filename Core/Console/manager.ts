import { type Command, InvalidArgumentError } from 'commander'
import WebSocket from 'ws'
import { readAddress, readToken } from '../Manager/Token'
import type { Project } from '../Project'
import { isObject } from '../Wire/Protocol'
import { localAddressOf } from './address'

/** Where the manager port is; what is not given the Runtime folder tells, else the configuration. */
export interface ManagerOptions {
  readonly host?: string
  readonly port?: number
}

/** What the manager port answered. */
export type Answer = Readonly<Record<string, unknown>> & { readonly message: string }

/** Nobody is there to be commanded. */
export class NotRunning extends Error {
  override name = 'NotRunning'
}

/** How long the server may say nothing, in milliseconds: a reload waits for calls of 10 s and more. */
const PATIENCE_MS = 120_000

/** Lets a command say where the manager port is. */
export function addManagerOptions(command: Command): Command {
  return command
    .option('--host <host>', 'address of the manager port')
    .option('--port <port>', 'manager port; default: that of the server which runs here', readPort)
}

export function readPort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new InvalidArgumentError('It is a port: a whole number from 1 to 65535.')
}

/**
 * Gives a command to the running server.
 * @param progress told of each step of a long one
 * @throws NotRunning when nobody is there; Error with what the server says
 */
export function command(
  project: Project,
  { host, port }: ManagerOptions,
  request: Readonly<Record<string, unknown>>,
  progress: (step: string) => void = () => {},
): Promise<Answer> {
  const { runtime, config } = project
  const { manager } = config
  const here = host === undefined && port === undefined ? readAddress(runtime) : undefined
  const url = here ? `ws://${here}/` : localAddressOf(host ?? manager.host, port ?? manager.port)
  const token = process.env.APP_MANAGER_TOKEN || readToken(runtime) || manager.token
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } })
    const late = setTimeout(() => end(new Error('the server does not answer')), PATIENCE_MS)
    const end = (failure?: Error) => {
      clearTimeout(late)
      socket.removeAllListeners().on('error', () => {})
      socket.close()
      if (failure) reject(failure)
    }
    socket.on('open', () => socket.send(JSON.stringify({ ...request, format: 'json' })))
    socket.on('message', (data) => {
      const answer: unknown = JSON.parse(String(data))
      if (!isObject(answer)) return
      late.refresh()
      if (typeof answer.progress === 'string') return progress(answer.progress)
      const message = String(answer.message)
      if (answer.ok !== true) return end(new Error(message))
      end()
      resolve({ ...answer, message })
    })
    socket.on('unexpected-response', (_, { statusCode }) => end(new Error(refused(statusCode))))
    socket.on('error', () => end(new NotRunning('连接服务失败')))
    socket.on('close', () => end(new Error('the server closed the connection without an answer')))
  })
}

function refused(status: number | undefined): string {
  if (status === 401)
    return 'the token is wrong: set APP_MANAGER_TOKEN, or run this as the user who owns the Runtime folder'
  return `the manager port refused the command: ${status}`
}
