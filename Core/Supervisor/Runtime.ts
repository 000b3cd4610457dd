import { accessSync, chmodSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Node cuts longer socket paths in silence: two sockets would become one file. */
const LONGEST_SOCKET_PATH = 100

/** The longest name of a socket in it. */
const LONGEST_NAME = 24

/** The folder of what is written at run time: logs, pid, sockets. Only its owner may enter. */
export class Runtime {
  readonly path: string
  readonly #sockets: string

  /** @throws Error when the folder cannot be made or written */
  constructor(path: string) {
    this.path = path
    try {
      mkdirSync(join(path, 'logs'), { recursive: true })
      chmodSync(path, 0o700)
      accessSync(path, constants.W_OK)
      writeFileSync(this.#pidFile, String(process.pid))
    } catch (error) {
      throw new Error(
        `the folder ${path} cannot be written (${error instanceof Error ? error.message : error}); make it writable for this user or name another one in APP_RUNTIME`,
      )
    }
    const fits = Buffer.byteLength(path) + 1 + LONGEST_NAME <= LONGEST_SOCKET_PATH
    this.#sockets = fits ? path : mkdtempSync(join(tmpdir(), 'mswoole-'))
  }

  /** The path of a unix socket; in a short private folder where the folder's own name is too long. */
  socket(name: string): string {
    return join(this.#sockets, name)
  }

  /** The server has stopped. */
  leave(): void {
    rmSync(this.#pidFile, { force: true })
    if (this.#sockets !== this.path) rmSync(this.#sockets, { recursive: true, force: true })
  }

  get #pidFile(): string {
    return join(this.path, 'server.pid')
  }
}
