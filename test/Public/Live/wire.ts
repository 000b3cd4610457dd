import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** What lies between a page and its server, and can be cut. */
export class Wire {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isCut = false

  private constructor(to: number) {
    this.#server = createServer((near) => {
      if (this.#isCut) {
        near.destroy()
        return
      }
      const far = connect(to, '127.0.0.1')
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(socket)
        socket.on('error', () => {}) // its close tells
        socket.on('close', () => {
          this.#sockets.delete(socket)
          other.destroy()
        })
        socket.pipe(other)
      }
    })
  }

  static async to(port: number): Promise<Wire> {
    const wire = new Wire(port)
    await once(wire.#server.listen(0, '127.0.0.1'), 'listening')
    return wire
  }

  get port(): number {
    return Number(Object(this.#server.address()).port)
  }

  /** Ends what is connected, and lets nobody through. */
  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  mend(): void {
    this.#isCut = false
  }

  close(): void {
    this.cut()
    this.#server.close()
  }
}
