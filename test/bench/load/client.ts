import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { clientFrame, type Message, readFrames } from './frames'
import { openSocket, readBuffer } from './handshake'
import type { Latency } from './latency'

/** How a connection is made and, where that takes words, made a member of the group. */
export interface ClientOptions {
  readonly port: number
  readonly path: string
  /** What it says first. Without: nothing. */
  readonly hello?: Message
  /** How the text begins with which the server says that it is in. Without: it is as soon as it is open. */
  readonly welcome?: string
  /** What it says to the welcome. Without: nothing. */
  readonly reply?: Message
}

export interface Client {
  readonly socket: Socket
  /** The whole text with which the server said so. */
  readonly welcome: string
}

const WELCOME_MS = 15_000
const HANDSHAKES_AT_ONCE = 64

/**
 * Lets clients in, 64 at a time.
 * @param hear what each of them does with what comes after its welcome
 * @param latency how long each took, counted from its beginning
 * @throws Error when the server does not let one in
 */
export async function enterAll(
  clients: readonly ClientOptions[],
  hear: (index: number) => (length: number) => void,
  latency?: Latency,
): Promise<Client[]> {
  const entered: Client[] = []
  let next = 0
  const enterSome = async () => {
    for (let index = next++; index < clients.length; index = next++) {
      const options = clients[index]
      if (options === undefined) return
      const began = performance.now()
      entered[index] = await enter(options, index, hear(index))
      latency?.add((performance.now() - began) * 1000)
    }
  }
  await Promise.all(Array.from({ length: HANDSHAKES_AT_ONCE }, enterSome))
  for (const { socket } of entered) socket.once('close', lost)
  return entered
}

/** Breaks all of them off. */
export function leaveAll(clients: readonly Client[]): void {
  for (const { socket } of clients) socket.off('close', lost).resetAndDestroy()
}

function lost(): never {
  throw new Error('the server closed a connection in the middle of the benchmark')
}

/** @param hear called whenever something has come after the welcome: so many bytes, at the beginning of `readBuffer` */
async function enter(options: ClientOptions, index: number, hear: (length: number) => void): Promise<Client> {
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
  const socket = await openSocket(options.port, options.path, index, (length) => listen(length))
  const say = (message: Message | undefined) => {
    if (message !== undefined) socket.write(clientFrame(message, randomBytes(4)))
  }
  say(options.hello)
  const welcome = await welcomed
  say(options.reply)
  return { socket, welcome }
}
