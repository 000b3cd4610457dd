import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'
import { type Filter, Inbox } from './inbox'
import type { Host } from './network'

const CONSOLE = resolve('dist/Public/console.js')

/** A PATH on which there is no redis-server, so that the server takes the in-memory store. (Beside node there may be one.) */
export const PATH_WITHOUT_REDIS = '/nowhere'

/** A line of the server's log. */
export type LogLine = { readonly msg: string; readonly level: string } & Readonly<Record<string, unknown>>

export interface ServerOptions {
  /** A folder under test/fixtures; default: the samples that come with the framework. */
  readonly fixture?: string
  /** The folder of a project, instead of a fixture. */
  readonly folder?: string
  /** Environment, over: any free port, a folder of its own as Runtime. */
  readonly env?: Readonly<Record<string, string>>
  /** A machine with an address of its own; default this one. */
  readonly host?: Host
}

/** `console start`, in a process of its own with real sockets and a store of its own. */
export class Server {
  readonly process: ChildProcess
  readonly runtime: string
  readonly log = new Inbox<LogLine>('log line')
  /** Everything that it printed, line by line. */
  readonly output: string[] = []
  readonly #address: string
  readonly #exit: Promise<{ code: number | null; signal: string | null }>
  #ports: Readonly<Record<string, number>> = {}

  private constructor({ fixture, folder, env, host }: ServerOptions) {
    this.runtime = mkdtempSync(join(tmpdir(), 'mswoole-test-'))
    const cwd = folder ?? (fixture === undefined ? resolve('.') : resolve('test/fixtures', fixture))
    this.#address = host?.address ?? '127.0.0.1'
    const [program = '', ...args] = [...(host?.within ?? []), process.execPath, CONSOLE, 'start']
    const outside = { APP_OUTSIDE_HOST: this.#address, APP_OUTSIDE_PORT: '0', APP_MANAGER_PORT: '0' }
    this.process = spawn(program, args, {
      cwd,
      env: { PATH: process.env.PATH, ...outside, APP_RUNTIME: this.runtime, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#exit = once(this.process, 'close').then(([code, signal]) => ({ code, signal }))
    for (const stream of [this.process.stdout, this.process.stderr]) {
      if (stream) createInterface(stream).on('line', (line) => this.#read(line))
    }
    running.add(this)
  }

  /** Starts a server and waits until it listens. @throws Error with its output when it does not */
  static async start(options: ServerOptions = {}): Promise<Server> {
    const server = new Server(options)
    const started = server.log.next(({ msg }) => msg === 'started', 45_000)
    const failed = server.#exit.then(({ code }) => {
      throw new Error(`the server ended with ${code} before it had started:\n${server.output.join('\n')}`)
    })
    failed.catch(() => {}) // it ends some day, after it has started
    const { ports } = await Promise.race([started, failed])
    server.#ports = Object(ports)
    return server
  }

  /** Starts a server that is expected not to start. @returns its exit code and what it printed */
  static async fail(options: ServerOptions = {}): Promise<{ code: number | null; output: string }> {
    const server = new Server(options)
    const { code } = await server.#exit
    await server.stop()
    return { code, output: server.output.join('\n') }
  }

  /** @param port name of a public port in Config/app.ts */
  port(port = 'main'): number {
    const real = this.#ports[port]
    if (real === undefined) throw new Error(`the server has no public port ${port}`)
    return real
  }

  url(port = 'main'): string {
    return `ws://${this.#address}:${this.port(port)}/`
  }

  /** Waits for a line of the log; lines that came before count, each once. */
  logged(filter: Filter<LogLine>, deadlineMs?: number): Promise<LogLine> {
    return this.log.next(filter, deadlineMs)
  }

  /** A client of the embedded store; the caller closes it. */
  store(): Redis {
    return new Redis({ path: join(this.runtime, 'store.sock') })
  }

  /** Sends a signal and waits for the end. May be called again. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<{ code: number | null; signal: string | null }> {
    this.process.kill(signal)
    const ended = await this.#exit
    running.delete(this)
    rmSync(this.runtime, { recursive: true, force: true })
    return ended
  }

  #read(line: string): void {
    this.output.push(line)
    if (!line.startsWith('{')) return
    this.log.add(JSON.parse(line))
  }
}

const running = new Set<Server>()
process.on('exit', () => {
  for (const server of running) server.process.kill('SIGKILL')
})
