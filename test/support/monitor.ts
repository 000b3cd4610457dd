import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

/** What a Redis is told, by whomever. (That of ioredis throws where a command comes together with the answer to MONITOR.) */
export class Monitor {
  /** The commands since it was opened, word by word. */
  readonly seen: (readonly string[])[] = []
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  /** @param port of a Redis on this machine */
  static async open(port: number): Promise<Monitor> {
    const socket = connect(port, '127.0.0.1')
    const monitor = new Monitor(socket)
    const lines = createInterface(socket)
    const answered = once(lines, 'line')
    lines.on('line', (line) => {
      const words = Array.from(line.matchAll(/"((?:[^"\\]|\\.)*)"/g), ([, word = '']) => word)
      if (words.length > 0) monitor.seen.push(words)
    })
    socket.write('MONITOR\r\n')
    await answered
    return monitor
  }

  close(): void {
    this.#socket.destroy()
  }
}
