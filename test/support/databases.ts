import { execFile } from 'node:child_process'
import { chownSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Daemon, launch, signal } from './daemon'
import { type DatabasePrograms, findMariaDb, findPostgres } from './programs'
import { freePort } from './redis'

const run = promisify(execFile)

/** A private server with an empty folder, on a free port of 127.0.0.1. */
export interface DatabaseServer {
  /** Of the database that is there from the beginning. */
  readonly url: string
  /** To all of its processes. Resolves when they have ended, or at once for signals that end none (SIGSTOP, SIGCONT). */
  kill(name: NodeJS.Signals): Promise<void>
  /** Starts it again, with what was in it. */
  restart(): Promise<void>
  /** Ends it and removes its folder. */
  stop(): Promise<void>
}

/** The servers that are installed here. What is not is said when all tests have ended. */
export const DATABASES = [
  { name: 'MariaDB', start: startMariaDb, programs: findMariaDb() },
  { name: 'PostgreSQL', start: startPostgres, programs: findPostgres() },
].filter(({ programs }) => programs !== undefined)

/** What is different in each of them. */
interface Kind {
  readonly ready: string
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
  readonly command: (folder: string, port: number) => readonly [string, ...string[]]
  readonly url: (port: number) => string
}

/** MariaDB with at most 40 connections. The user is root, without a password. */
export async function startMariaDb(): Promise<DatabaseServer> {
  const { server, install } = there(findMariaDb())
  const folder = mkdtempSync(join(tmpdir(), 'mswoole-mariadb-'))
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : []
  const login = ['--auth-root-authentication-method=normal', '--skip-test-db']
  await run(install, ['--no-defaults', `--datadir=${folder}`, ...login, ...asRoot])
  const light = ['--skip-log-bin', '--innodb-flush-log-at-trx-commit=2', '--innodb-buffer-pool-size=16M']
  return await serve(folder, {
    ready: 'ready for connections',
    command: (data, port) => {
      // One that starts removes the temporary tables that others keep in the same place, and those crash.
      const own = [`--datadir=${data}`, `--tmpdir=${data}`, `--socket=${data}/s`]
      const place = [...own, `--port=${port}`, '--bind-address=127.0.0.1']
      return [server, '--no-defaults', ...place, ...asRoot, ...light, '--max-connections=40']
    },
    url: (port) => `mysql://root@127.0.0.1:${port}/mysql`,
  })
}

/** PostgreSQL with at most 40 connections. The user is postgres, without a password. */
export async function startPostgres(): Promise<DatabaseServer> {
  const { server, install } = there(findPostgres())
  const folder = mkdtempSync(join(tmpdir(), 'mswoole-postgres-'))
  const user = other()
  if (user) chownSync(folder, user.uid, user.gid)
  await run(install, ['-D', folder, '-A', 'trust', '-U', 'postgres', '--no-sync', '-E', 'UTF8', '--locale=C'], {
    ...user,
    cwd: folder,
  })
  return await serve(folder, {
    ready: 'ready to accept connections',
    user,
    command: (data, port) => {
      const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', `unix_socket_directories=${data}`]
      const light = ['fsync=off', 'max_connections=40', 'shared_buffers=16MB']
      return [server, '-D', data, ...[...settings, ...light].flatMap((setting) => ['-c', setting])]
    },
    url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
  })
}

function there(programs: DatabasePrograms | undefined): DatabasePrograms {
  if (programs) return programs
  throw new Error('this server is not installed; what wants it must be skipped')
}

async function serve(folder: string, { ready, user, command, url }: Kind): Promise<DatabaseServer> {
  let port = await freePort()
  const start = (): Promise<Daemon> => {
    const [file, ...args] = command(folder, port)
    return launch(file, args, { ready, folder, user })
  }
  let current = await start().catch(async (error: Error) => {
    // Somebody else took the port since we looked.
    if (!error.message.includes('Address already in use')) throw error
    port = await freePort()
    return await start()
  })
  const kill = async (name: NodeJS.Signals) => {
    // Before the first one: it would start others.
    const others = childrenOf(current.pid)
    await signal(current, name)
    for (const pid of others) tryKill(pid, name)
    // Its threads stand still one after the other: until then one of them may go on serving.
    if (name === 'SIGSTOP') while (![current.pid, ...others].every(stands)) await pause(5)
    else if (name !== 'SIGCONT') while (others.some((pid) => runs(pid))) await pause(5)
  }
  return {
    url: url(port),
    kill,
    async restart() {
      await kill('SIGKILL')
      current = await start()
    },
    async stop() {
      await kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function tryKill(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended.
  }
}

/** The processes that a server has started: each connection of PostgreSQL is one. */
function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => statOf(`${pid}`)?.parent === parent)
}

/** Not one that has ended and that nobody has buried. */
function runs(pid: number): boolean {
  const stat = statOf(`${pid}`)
  return stat !== undefined && stat.state !== 'Z'
}

/** Every thread is stopped, or the process has ended. */
function stands(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) =>
      /^[TXZ]?$/.test(statOf(`${pid}/task/${thread}`)?.state ?? ''),
    )
  } catch {
    return true
  }
}

/** @param task a process, or a thread of one, as /proc names it */
function statOf(task: string): { state: string; parent: number } | undefined {
  try {
    // They come behind the name of the program, which stands in brackets.
    const [, state = '', parent] = /\) (\w) (\d+) /.exec(readFileSync(`/proc/${task}/stat`, 'utf8')) ?? []
    return { state, parent: Number(parent) }
  } catch {
    return undefined // it has ended
  }
}

/** PostgreSQL refuses to work as root. */
function other(): Kind['user'] {
  if (process.getuid?.() !== 0) return undefined
  const [, uid, gid] = /^(?:postgres|nobody):[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? []
  return uid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}
