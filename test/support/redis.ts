import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Daemon, launch, signal } from './daemon'
import { redisServer } from './programs'

const READY = 'Ready to accept connections'
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
  let running: Daemon | undefined
  for (let attempt = 1; running === undefined; attempt++) {
    try {
      running = await start(port, dir, args, options.dir === undefined)
    } catch (error) {
      // Somebody else took the port since we looked: only then, and only if it is ours to choose, another try makes sense.
      const taken = error instanceof Error && error.message.includes('Address already in use')
      if (!taken || options.port !== undefined || attempt === TRIES) throw error
      port = await freePort()
    }
  }
  let current = running

  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return current.pid
    },
    kill: (name) => signal(current, name),
    async stop() {
      // SIGKILL, because a stopped process hears nothing else.
      await signal(current, 'SIGKILL')
      if (options.dir === undefined) rmSync(dir, { recursive: true, force: true })
    },
    async restart() {
      await signal(current, 'SIGKILL')
      current = await start(port, dir, args, options.dir === undefined)
    },
  }
}

function start(port: number, dir: string, args: readonly string[], ours: boolean): Promise<Daemon> {
  const place = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no']
  return launch(redisServer(), [...place, ...args], { ready: READY, folder: ours ? dir : '' })
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
