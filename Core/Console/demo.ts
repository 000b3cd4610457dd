import { randomInt } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { type Command, InvalidArgumentError } from 'commander'
import WebSocket from 'ws'
import type { Project } from '../Project'
import { addressOf, isAnyAddress, isLoopback, localAddressOf } from './address'
import { readPort } from './manager'
import { hasWall, presentProject } from './project'
import { qrCode } from './qr'
import { EXAMPLE, makeAuth } from './user'

interface DemoOptions {
  readonly room: string
  readonly nickname: string
  readonly host?: string
  readonly port?: number
}

/** How long a port may take to answer, in milliseconds. */
const PATIENCE_MS = 3000

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description(
      'print links to the pages of the wall, ready to open: for a big screen, and for a phone with a QR code',
    )
    .option('--room <code>', 'room code', EXAMPLE.code)
    .option('--nickname <name>', 'nickname of the phone', EXAMPLE.nickname)
    .option(
      '--host <host>',
      'name or address by which a phone reaches this machine; default: its own in the network',
      readHost,
    )
    .option('--port <port>', 'public port; default: the first one of the configuration', readPort)
    .addHelpText('after', '\nThe server runs already, in development. Each phone link is a user of its own.')
    .action(async (options: DemoOptions) => {
      for (const line of await demo(presentProject(), options)) console.log(line)
    })
}

function readHost(text: string): string {
  if (/^[\w.:-]+$/.test(text)) return text
  throw new InvalidArgumentError('It is a name such as wall.example.com, or an address.')
}

/** @throws Error that says why there is nothing to show */
async function demo(project: Project, options: DemoOptions): Promise<string[]> {
  const { config } = project
  if (process.env.NODE_ENV === 'production') {
    throw new Error('in production no auth string belongs on a screen: links come from your own backend')
  }
  if (!hasWall(project)) throw new Error('this project has no App/Live, which the pages of the wall talk to')
  const [first] = Object.values(config.outside)
  const port = options.port ?? first?.port ?? 0
  if (port === 0)
    throw new Error('the configuration leaves the port open (0): give the one of the start banner by --port')
  const { host = '', tls } = first ?? {}
  const secure = tls !== undefined
  const form = config.auth.accept.includes('des') ? 'des' : 'v2'
  const authOf = (type: string, nickname: string) =>
    makeAuth({ id: `demo${randomInt(1e6)}`, type, code: options.room, nickname, form }, config)
  const wall = authOf('wall', 'Wall')
  const linkOf = (base: string, page: string, auth: string) =>
    `${base.replace('ws', 'http')}live/${page}.html?room=${encodeURIComponent(options.room)}#auth=${auth}`

  const local = localAddressOf(host, port, secure)
  await knock(local, wall)
  const near = await reachable(options, host, port, secure, wall)
  const phone = linkOf(near ?? local, 'user', authOf('wechatUser', options.nickname))
  const lines = ['Wall, for the browser of this machine:', `  ${linkOf(local, 'wall', wall)}`, 'Phone:', `  ${phone}`]
  if (near === undefined) {
    return [
      ...lines,
      `A phone cannot reach ${host}: start with APP_OUTSIDE_HOST=0.0.0.0, and run this again for a QR code.`,
    ]
  }
  const code = qrCode(phone)
  return process.stdout.isTTY ? [...lines, '', ...code] : lines
}

/**
 * Where a phone finds the server. What the configuration says need not be what the running server was told, so the address is tried.
 * @returns undefined when the server listens for this machine only
 */
async function reachable({ host: named }: DemoOptions, host: string, port: number, tls: boolean, auth: string) {
  if (named !== undefined) return addressOf(named, port, tls)
  const own = isAnyAddress(host) || isLoopback(host) ? lanAddress() : host
  if (own === undefined) return undefined
  const address = addressOf(own, port, tls)
  return knock(address, auth).then(
    () => address,
    () => undefined,
  )
}

/** The first IPv4 address that this machine has in a network. */
function lanAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address
}

/** Makes a handshake. @throws Error that says why a page could not */
function knock(address: string, auth: string): Promise<void> {
  const url = new URL(address)
  url.searchParams.set('auth', auth)
  return new Promise((resolve, reject) => {
    // Whether a phone trusts the certificate, for whatever name, is not the question here.
    const socket = new WebSocket(url, { handshakeTimeout: PATIENCE_MS, rejectUnauthorized: false })
    socket.on('open', () => {
      socket.terminate()
      resolve()
    })
    socket.on('unexpected-response', (_, { statusCode }) => {
      socket.terminate()
      reject(
        new Error(statusCode === 403 ? OTHER_KEY : `the server at ${address} refused the handshake: ${statusCode}`),
      )
    })
    socket.on('error', () => reject(new Error(`nobody answers at ${address}: start the server, or give its --port`)))
  })
}

const OTHER_KEY =
  'the server takes no auth string of this configuration: run this with the APP_AUTH_KEY that it was started with'
