import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { redisServer } from './programs'

const READY = 'Ready to accept connections'
const START_MS = 10_000
const TRIES = 5

export interface RedisServerOptions {
  /** Default: a free one. */
  readonly port?: number
  /** More arguments of redis-server, such as `['--requirepass', 'x']`. */
  readonly args?: readonly string[]
  /** Its working folder; default a temporary one that `stop` removes. */
  readonly dir?: string
}

export interface RedisServer {
  readonly url: string
  readonly port: number
  /** Of the process that runs now: another one after `restart`. */
  readonly pid: number
  /** Sends the signal; resolves when the process has ended, or at once for signals that end none (SIGSTOP, SIGCONT). */
  kill(signal: NodeJS.Signals): Promise<void>
  /** Ends it and removes its folder. May be called again. */
  stop(): Promise<void>
  /** Starts it again on the same port, empty; ends it before that if it still runs. */
  restart(): Promise<void>
}

/**
 * A private Redis on 127.0.0.1 without persistence, which answers when this resolves. It ends with this process, however that ends.
 */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'mswoole-redis-'))
  const args = options.args ?? []
  let port = options.port ?? (await freePort())
  let running: Running | undefined
  for (let attempt = 1; running === undefined; attempt++) {
    try {
      running = await launch(port, dir, args, options.dir === undefined)
    } catch (error) {
      // Somebody else took the port since we looked: only then, and only if it is ours to choose, another try makes sense.
      const taken = error instanceof Error && error.message.includes('Address already in use')
      if (!taken || options.port !== undefined || attempt === TRIES) throw error
      port = await freePort()
    }
  }
  let current = running

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (current.child.exitCode !== null || current.child.signalCode !== null) return
    const ended = signal === 'SIGSTOP' || signal === 'SIGCONT' ? undefined : once(current.child, 'exit')
    current.child.kill(signal)
    await ended
  }

  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return current.pid
    },
    kill: end,
    async stop() {
      // SIGKILL, because a stopped process hears nothing else.
      await end('SIGKILL')
      if (options.dir === undefined) rmSync(dir, { recursive: true, force: true })
    },
    async restart() {
      await end('SIGKILL')
      current = await launch(port, dir, args, options.dir === undefined)
    },
  }
}

interface Running {
  readonly child: ChildProcess
  readonly pid: number
}

async function launch(port: number, dir: string, args: readonly string[], ours: boolean): Promise<Running> {
  const child = spawn(
    redisServer(),
    ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no', ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  if (child.pid !== undefined) endWithUs(child, child.pid, ours ? dir : '')
  let output = ''
  let late: NodeJS.Timeout | undefined
  const up = new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-10_000)
      // It listens before it says so: whoever connects from here on is answered.
      if (output.includes(READY)) resolve()
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`redis-server ended (${signal ?? code}):\n${output}`)))
    late = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`redis-server was not up within ${START_MS} ms:\n${output}`))
    }, START_MS)
  })
  await up.finally(() => clearTimeout(late))
  if (child.pid === undefined) throw new Error('redis-server has no pid')
  return { child, pid: child.pid }
}

/**
 * A shell that waits for the end of a pipe from us, which comes even if we are killed, and then kills the server. It goes when the
 * server goes, so it cannot meet a pid that means somebody else by then. A temporary folder goes too.
 */
function endWithUs(server: ChildProcess, pid: number, folder: string): void {
  const guard = spawn('sh', ['-c', 'read -r _; kill -9 "$1"; [ -z "$2" ] || rm -rf "$2"', 'guard', `${pid}`, folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  server.once('exit', () => guard.kill('SIGKILL'))
  // Neither of them keeps a test process alive that has nothing else to do.
  guard.unref()
  server.unref()
  for (const pipe of [guard.stdin, server.stdout, server.stderr]) if (pipe instanceof Socket) pipe.unref()
}

/**
 * A port below the range from which the system picks those of outgoing connections: a client that keeps trying a port of that range
 * while its server is down can connect to itself.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(22_000, 32_000)
    const probe = createServer()
    const free = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!free) continue
    probe.close()
    await once(probe, 'close')
    return port
  }
}
