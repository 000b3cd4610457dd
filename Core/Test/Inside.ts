import type { Connection, Socket } from '../Gateway/Connection'
import { Door } from '../Gateway/Door'
import type { Gateway } from '../Gateway/Gateway'
import type { Bytes } from '../Link/Contract'

/** Where all clients of this kind come from. */
const IP = '127.0.0.1'

/** How a connection ended. */
export interface Closed {
  readonly code: number
  readonly reason: string
}

/** A public port without a port: its connections are those of a real one, their frames just cross no network. */
export class Inside {
  readonly name: string
  readonly #gateway: Gateway
  readonly #door: Door
  readonly #topics = new Map<string, Set<InsideSocket>>()

  constructor(gateway: Gateway, name: string, auth: boolean) {
    this.name = name
    this.#gateway = gateway
    this.#door = new Door(gateway, { name, auth })
    gateway.hub.addPort((topic, text) => {
      for (const socket of [...(this.#topics.get(topic) ?? [])]) socket.send(text)
    })
  }

  /**
   * A handshake. Resolves when the connection is on record.
   * @param take gets the texts that the server sends, in order
   * @throws Error that says why it is refused
   */
  async connect(auth: string | null, take: (text: string) => void): Promise<InsideSocket> {
    const connection = this.#door.admit(IP, auth)
    if (typeof connection === 'string') {
      throw new Error(`the handshake with the port ${this.name} was refused: ${connection}`)
    }
    const socket = new InsideSocket(connection, this.#topics, {
      take,
      message: (frame) => this.#door.message(connection, frame),
      shut: (code) => this.#gateway.shut(connection, code),
    })
    connection.open(socket)
    await this.#gateway.opened(connection)
    return socket
  }
}

interface Ends {
  readonly take: (text: string) => void
  readonly message: (frame: ArrayBuffer) => void
  readonly shut: (code: number) => Promise<void>
}

/** Stands in for the engine's socket, and behaves as that one does: the server's end of it. The client's is `write` and `leave`. */
export class InsideSocket implements Socket {
  readonly #connection: Connection
  /** How it ended; resolves when the connection is off the record. */
  readonly ended: Promise<Closed>
  /** How it ended, as soon as it has. */
  gone: Closed | undefined
  readonly #topics: Map<string, Set<InsideSocket>>
  readonly #ends: Ends
  #tell: (closed: Promise<Closed>) => void = () => {}

  constructor(connection: Connection, topics: Map<string, Set<InsideSocket>>, ends: Ends) {
    this.#connection = connection
    this.#topics = topics
    this.#ends = ends
    this.ended = new Promise((resolve) => {
      this.#tell = resolve
    })
  }

  get fd(): number {
    return this.#connection.fd
  }

  get open(): boolean {
    return this.gone === undefined
  }

  /** A frame waits, or is being handled. */
  get busy(): boolean {
    const { held, inFlight } = this.#connection
    return held.length > 0 || inFlight.length > 0
  }

  /** The client sends a frame. */
  write(text: string): void {
    if (!this.open) throw new Error(`the connection of fd ${this.fd} is closed; connect another client`)
    this.#ends.message(new Uint8Array(Buffer.from(text)).buffer)
  }

  /** The client goes. @param code that of its close frame; 1006: without one */
  leave(code: number): void {
    if (this.open) this.#shut(code, '')
  }

  send(text: Bytes): number {
    this.#check()
    this.#ends.take(text.toString())
    return 1
  }

  cork(write: () => void): void {
    this.#check()
    write()
  }

  subscribe(topic: string): void {
    this.#check()
    const members = this.#topics.get(topic) ?? new Set()
    this.#topics.set(topic, members.add(this))
  }

  unsubscribe(topic: string): void {
    this.#check()
    this.#topics.get(topic)?.delete(this)
  }

  end(code: number, reason: string): void {
    this.#check()
    this.#shut(code, reason)
  }

  #shut(code: number, reason: string): void {
    const closed = { code, reason }
    this.gone = closed
    for (const [topic, members] of this.#topics) {
      if (members.delete(this) && members.size === 0) this.#topics.delete(topic)
    }
    this.#tell(this.#ends.shut(code).then(() => closed))
  }

  /** A closed socket of the engine throws, too. */
  #check(): void {
    if (!this.open) throw new Error(`the socket of fd ${this.fd} was used after it had closed`)
  }
}
