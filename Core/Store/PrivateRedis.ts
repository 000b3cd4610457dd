import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { basename } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { endOrphan, pidFile, signalGroup } from './Orphan'
import { clearSocketPath } from './SocketPath'

const START_DEADLINE = 5_000
const STOP_DEADLINE = 3_000
const LAST_WORDS_DEADLINE = 500
const RETRY_INTERVAL = 5
const LINES_KEPT = 20

interface Options {
  /** The folder of the pid file; the program runs there. */
  readonly runtime: string
  readonly socket: string
  /** redis-server or valkey-server, by path. */
  readonly program: string
}

/**
 * A redis-server or valkey-server of our own: nobody but this machine's processes reaches it, and it keeps nothing on disk. It runs in
 * a process group of its own, so that Ctrl-C in the terminal leaves it to the supervisor.
 */
export class PrivateRedis {
  readonly #child: ChildProcess
  readonly #files: readonly string[]
  /** The last lines that the program printed. */
  readonly #lines: string[] = []
  readonly #ended: Promise<string>
  #version = ''
  #isClosing = false
  #closed: Promise<void> | undefined

  private constructor({ runtime, socket, program }: Options) {
    this.#child = spawn(program, commandLine(runtime, socket), {
      cwd: runtime,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#files = [socket, pidFile(runtime)]
    this.#ended = endOf(this.#child)
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.#remember(text))
    }
  }

  /**
   * Resolves when the program answers. One that an earlier run left behind is ended first. Throws, with the program's own last words,
   * if it is not ready within 5 s; nothing of it is left then.
   */
  static async start(options: Options): Promise<PrivateRedis> {
    await endOrphan(options)
    await clearSocketPath(options.socket)
    const redis = new PrivateRedis(options)
    try {
      if (redis.pid !== undefined) writeFileSync(pidFile(options.runtime), `${redis.pid}\n`)
      redis.#version = await redis.#untilReady(options.socket)
      return redis
    } catch (error) {
      await redis.close()
      const reason = error instanceof Error ? error.message : String(error)
      throw new Error([`${basename(options.program)} did not start: ${reason}`, ...redis.#lines].join('\n'))
    }
  }

  get version(): string {
    return this.#version
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Tells when the program ends without having been asked to. */
  onExit(callback: (reason: string) => void): void {
    void this.#ended.then((reason) => {
      if (!this.#isClosing) callback([reason, ...this.#lines].join('\n'))
    })
  }

  /** SIGTERM, and SIGKILL after 3 s. May be called again. */
  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  async #end(): Promise<void> {
    this.#isClosing = true
    this.#signal('SIGTERM')
    const deadline = setTimeout(() => this.#signal('SIGKILL'), STOP_DEADLINE)
    await this.#ended
    clearTimeout(deadline)
    for (const file of this.#files) rmSync(file, { force: true })
  }

  async #untilReady(socket: string): Promise<string> {
    const late = new AbortController()
    try {
      return await Promise.race([
        versionAt(socket, late.signal),
        this.#ended.then(failure),
        delay(START_DEADLINE, `it was not ready within ${START_DEADLINE} ms`, { signal: late.signal }).then(failure),
      ])
    } finally {
      late.abort()
    }
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#child
    // Once it has ended its number may be somebody else's.
    if (pid !== undefined && exitCode === null && signalCode === null) signalGroup(pid, signal)
  }

  #remember(text: string): void {
    this.#lines.push(...text.split('\n').filter((line) => line.trim() !== ''))
    this.#lines.splice(0, this.#lines.length - LINES_KEPT)
  }
}

function failure(reason: string): never {
  throw new Error(reason)
}

/** Resolves when the program answers; rejects when it is given up. */
async function versionAt(path: string, givenUp: AbortSignal): Promise<string> {
  for (;;) {
    const info = await inquire(path)
    // Valkey names the Redis that it is compatible with first.
    const [, version] = /^valkey_version:(\S+)/m.exec(info) ?? /^redis_version:(\S+)/m.exec(info) ?? []
    if (version !== undefined) return version
    await delay(RETRY_INTERVAL, undefined, { signal: givenUp })
  }
}

/** For this one question the supervisor needs no client. @returns what it tells of itself; empty when it does not listen, or ends */
function inquire(path: string): Promise<string> {
  return new Promise((resolve) => {
    let told = ''
    const socket = connect(path)
    socket.setEncoding('utf8').on('data', (text) => {
      told += text
    })
    socket.on('error', () => {}) // `close` follows
    socket.on('close', () => resolve(told))
    socket.write('INFO server\r\nQUIT\r\n')
  })
}

/** Resolves with the reason once the program is gone and its last words have been read. Never rejects. */
async function endOf(child: ChildProcess): Promise<string> {
  const closed = new Promise((resolve) => child.once('close', resolve))
  const reason = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => {
      // It may have been a wrapper that is gone before what it wraps. Now the number of the group is still ours.
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL')
      resolve(`it ended with ${signal ?? `exit code ${code}`}`)
    })
  })
  // Whatever else it started may keep its output open.
  await Promise.race([closed, delay(LAST_WORDS_DEADLINE, undefined, { ref: false })])
  return reason
}

function commandLine(runtime: string, socket: string): string[] {
  const settings = {
    port: '0',
    unixsocket: socket,
    unixsocketperm: '700',
    save: '',
    appendonly: 'no',
    daemonize: 'no',
    dir: runtime,
    databases: '1',
  }
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
}
