import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'

const START_MS = 60_000

export interface DaemonOptions {
  /** What it prints when it takes clients. */
  readonly ready: string
  /** Removed when this process is killed; '': none. */
  readonly folder: string
  /** Whom it runs as. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
}

export interface Daemon {
  readonly child: ChildProcess
  readonly pid: number
}

/** Starts a server that works in the foreground; it ends with this process, however that ends. Resolves when it says that it is ready. */
export async function launch(file: string, args: readonly string[], options: DaemonOptions): Promise<Daemon> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options.user })
  if (child.pid !== undefined) endWithUs(child, child.pid, options.folder)
  let output = ''
  let late: NodeJS.Timeout | undefined
  const up = new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-10_000)
      // It listens before it says so: whoever connects from here on is answered.
      if (output.includes(options.ready)) resolve()
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`${file} ended (${signal ?? code}):\n${output}`)))
    late = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`${file} was not up within ${START_MS} ms:\n${output}`))
    }, START_MS)
  })
  await up.finally(() => clearTimeout(late))
  if (child.pid === undefined) throw new Error(`${file} has no pid`)
  return { child, pid: child.pid }
}

/** Sends the signal; resolves when it has ended, or at once for signals that end nothing (SIGSTOP, SIGCONT). */
export async function signal({ child }: Daemon, name: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = name === 'SIGSTOP' || name === 'SIGCONT' ? undefined : once(child, 'exit')
  child.kill(name)
  await ended
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
