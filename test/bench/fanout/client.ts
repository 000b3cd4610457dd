import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { clientFrame, readFrames } from '../frames'
import { openSocket, readBuffer } from '../handshake'

/** How a connection is made and, where that takes words, made a member of the group. */
export interface ClientOptions {
  readonly port: number
  readonly path: string
  /** What it says first. Without: nothing. */
  readonly hello?: string
  /** How the text begins with which the server says that it is in. Without: it is as soon as it is open. */
  readonly welcome?: string
}

export interface Client {
  readonly socket: Socket
  /** The whole text with which the server said so. */
  readonly welcome: string
}

const WELCOME_MS = 15_000

/**
 * @param hear called whenever something has come after the welcome: so many bytes, at the beginning of `readBuffer`
 * @throws Error when the server does not let it in
 */
export async function enter(options: ClientOptions, hear: (length: number) => void): Promise<Client> {
  let listen = hear
  let said: Buffer = Buffer.alloc(0)
  const welcomed = new Promise<string>((resolve, reject) => {
    const { welcome } = options
    if (welcome === undefined) return resolve('')
    const late = setTimeout(
      () => reject(new Error(`instead of ${welcome} a server said ${said.toString('latin1')}`)),
      WELCOME_MS,
    )
    listen = (length) => {
      said = Buffer.concat([said, readBuffer.subarray(0, length)])
      const text = readFrames(said).texts.find((each) => each.startsWith(welcome))
      if (text === undefined) return
      clearTimeout(late)
      listen = hear
      resolve(text)
    }
  })
  welcomed.catch(() => {}) // it is awaited below, unless there is no connection
  const socket = await openSocket(options.port, options.path, (length) => listen(length))
  if (options.hello !== undefined) socket.write(clientFrame(options.hello, randomBytes(4)))
  return { socket, welcome: await welcomed }
}
