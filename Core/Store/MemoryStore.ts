import { createServer, type Server, type Socket } from 'node:net'
import type { Script } from '../Record/Script'
import { MemoryClient } from './Memory/Client'
import { Engine } from './Memory/Engine'
import { clearSocketPath } from './SocketPath'

/** A small Redis in this process, for machines without one: the commands of the kernel and the samples, on a unix socket. */
export class MemoryStore {
  readonly #server: Server
  readonly #engine: Engine
  readonly #sockets = new Set<Socket>()

  private constructor(scripts: readonly Script[], log: (message: string) => void) {
    this.#engine = new Engine(scripts)
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      new MemoryClient(socket, this.#engine, log)
    })
  }

  /** `log` gets a line when a client is dropped. Throws if the path is too long for a socket or somebody else answers there. */
  static async listen(
    path: string,
    scripts: readonly Script[],
    log: (message: string) => void = () => {},
  ): Promise<MemoryStore> {
    await clearSocketPath(path)
    const store = new MemoryStore(scripts, log)
    try {
      await store.#listen(path)
    } catch (error) {
      store.#engine.close()
      throw error
    }
    return store
  }

  /** Ends all connections and removes the socket. All data is gone. May be called again. */
  async close(): Promise<void> {
    this.#engine.close()
    for (const socket of this.#sockets) socket.destroy()
    if (!this.#server.listening) return
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(path, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
  }
}
