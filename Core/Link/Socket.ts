import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { GatewayRecords, readForGateway, readForWorker, WorkerRecords } from './Codec'
import type { Outgoing, ToGateway, ToWorker, Turns } from './Contract'
import { type Greeting, hearAnswer, readGreeting, writeGreeting, writeRefusal, writeWelcome } from './Greeting'
import { type BrokenRecord, type Handle, RecordReader, RecordWriter } from './Records'
import { StreamReader, StreamWriter } from './Stream'
import { WorkerTurns } from './WorkerTurns'

/** A socket that has not greeted within this time, in milliseconds, is none of ours. */
const GREETING_MS = 5000

/** A worker that has joined, as its gateway sees it. */
export interface Joined {
  readonly id: number
  readonly pid: number
  readonly toWorker: Outgoing<ToWorker>
}

/** One of the two sockets of a worker, while the other one is awaited. */
interface Half {
  readonly socket: Socket
  readonly timer: NodeJS.Timeout
}

/** What a gateway does with the workers that join it. */
export interface Host {
  /** What its fds begin with. */
  readonly instance: number
  /** @returns who gets the records of this worker */
  joined(worker: Joined): ToGateway & Turns
  /** Everything that the worker had sent has been handled. @param failure what it sent that was no record */
  lost(id: number, failure?: BrokenRecord): void
  /** Somebody greeted who is no worker of this gateway. */
  refused(reason: string): void
}

/**
 * The gateway's side: two one-way sockets a worker. With one for both ways, a write to a worker that has just died would throw away
 * what it had sent before.
 */
export class LinkServer {
  readonly #server: Server
  readonly #secret: string
  readonly #host: Host
  readonly #halves = new Map<number, Half>()
  readonly #sockets = new Set<Socket>()

  constructor(secret: string, host: Host) {
    this.#secret = secret
    this.#host = host
    this.#server = createServer((socket) => this.#accept(socket))
  }

  /** @param path of a unix socket, at most 100 bytes @throws Error when it cannot be listened on */
  async listen(path: string): Promise<void> {
    this.#server.listen(path)
    await once(this.#server, 'listening')
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {}) // its close tells
    const timer = setTimeout(() => socket.destroy(), GREETING_MS)
    socket.once('close', () => {
      clearTimeout(timer)
      this.#sockets.delete(socket)
    })
    const reader = new RecordReader((type, version, fields) => {
      // The worker sends nothing behind its greeting until it has been welcomed.
      socket.off('data', hear).pause()
      this.#greeted({ socket, timer }, readGreeting(type, version, fields, this.#secret))
    })
    const hear = (chunk: Buffer | string) => {
      reader.push(Buffer.from(chunk))
      try {
        reader.read(() => true)
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        this.#host.refused(reason)
        socket.off('data', hear).resume()
        refuse(socket, reason)
      }
    }
    socket.on('data', hear)
  }

  #greeted(half: Half, { worker, pid, way }: Greeting): void {
    const other = this.#halves.get(worker)
    if (other === undefined) {
      this.#halves.set(worker, half)
      half.socket.once('close', () => {
        if (this.#halves.get(worker) === half) this.#halves.delete(worker)
      })
      return
    }
    this.#halves.delete(worker)
    clearTimeout(half.timer)
    clearTimeout(other.timer)
    const [up, down] = way === 'up' ? [half.socket, other.socket] : [other.socket, half.socket]
    this.#join(worker, pid, up, down)
  }

  #join(id: number, pid: number, up: Socket, down: Socket): void {
    const writer = new StreamWriter(down)
    const gateway = this.#host.joined({ id, pid, toWorker: new WorkerRecords(writer) })
    new StreamReader(up, readForGateway(gateway), gateway, (failure) => {
      down.destroy()
      this.#host.lost(id, failure)
    })
    down.on('close', () => up.end())
    down.resume() // nothing comes; its end is seen so
    up.resume()
    writeWelcome(writer.writer, this.#host.instance)
    writer.wrote()
  }
}

/** Says why, and closes. */
function refuse(socket: Socket, reason: string): void {
  const writer = new RecordWriter()
  writeRefusal(writer, reason)
  socket.write(writer.take())
  socket.destroySoon()
}

/** There is no gateway behind a path, or it went away before it had answered. */
export class GatewayAway extends Error {
  override name = 'GatewayAway'
}

/** The worker's side of a link to one gateway. */
export interface WorkerLink {
  /** The instance of the gateway: what its fds begin with. */
  readonly instance: number
  readonly toGateway: Outgoing<ToGateway>
  /** Resolves when the gateway has gone, or the link is broken. */
  readonly lost: Promise<void>
  /** Hands the gateway's records to the worker from now on. */
  serve(worker: ToWorker): void
  /** Ends the link; resolves when everything that was sent is on its way. */
  close(): Promise<void>
}

/**
 * Joins a gateway.
 * @returns when the gateway has welcomed the worker
 * @throws GatewayAway when there is none any more
 * @throws Error when it refuses the worker
 */
export async function joinGateway(path: string, greeting: Pick<Greeting, 'secret' | 'worker'>): Promise<WorkerLink> {
  const { up, down } = await dial(path)
  const writer: StreamWriter = new StreamWriter(up, () => toGateway.taken())
  const toGateway = new GatewayRecords(writer)
  let forWorker: Handle | undefined
  const { promise: welcome, resolve: welcomed, reject: refused } = deferred<number>()
  const { promise: lost, resolve: gone } = deferred<unknown>()
  const answered = { welcomed, refused: (reason: string) => refused(refusal(reason)) }
  const handle = hearAnswer(answered, (type, subject, fields) => forWorker?.(type, subject, fields))
  new StreamReader(down, handle, new WorkerTurns(), gone)
  greet(writer, { ...greeting, pid: process.pid, way: 'up' })
  greet(new StreamWriter(down), { ...greeting, pid: process.pid, way: 'down' })
  up.resume()
  lost.then(() => refused(new GatewayAway('the gateway went away before it had taken the worker')))
  const instance = await welcome
  return {
    instance,
    toGateway,
    lost: lost.then(() => {}),
    serve: (worker) => {
      forWorker = readForWorker(worker)
    },
    close: async () => {
      await writer.end()
      down.destroy()
    },
  }
}

/** @throws GatewayAway when nobody listens there */
async function dial(path: string): Promise<{ up: Socket; down: Socket }> {
  const [up, down] = [connect(path), connect(path)]
  for (const socket of [up, down]) socket.on('error', () => {}) // what waits for it to connect, or its close, tells
  try {
    await Promise.all([once(up, 'connect'), once(down, 'connect')])
    return { up, down }
  } catch (error) {
    up.destroy()
    down.destroy()
    throw new GatewayAway(`nobody listens on ${path}: ${error instanceof Error ? error.message : error}`)
  }
}

function refusal(reason: string): Error {
  return new Error(`the gateway did not take the worker: ${reason}; a new version of mswoole-ts wants a restart`)
}

function greet(to: StreamWriter, greeting: Greeting): void {
  writeGreeting(to.writer, greeting)
  to.flush()
}

interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: Error): void
}

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<T>((...settle) => {
    ;[resolve, reject] = settle
  })
  return { promise, resolve, reject }
}
