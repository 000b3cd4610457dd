import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** Node cuts longer socket paths in silence: two sockets would become one file. */
const LONGEST_SOCKET_PATH = 100

/** The longest name of a socket in it. */
const LONGEST_NAME = 24

const PID_FILE = 'server.pid'

/** The folder of what is written at run time: logs, pid, sockets. Only its owner may enter. */
export class Runtime {
  readonly path: string
  readonly #sockets: string
  /** The sockets that were asked for: a process that was killed has left its own behind. */
  readonly #used = new Set<string>()

  /** @throws Error when the folder cannot be made or written, or another server lives in it */
  constructor(path: string) {
    this.path = path
    const holder = write(path, () => {
      makeFolder(join(path, 'logs'))
      chmodSync(path, 0o700)
      accessSync(path, constants.W_OK)
      return claim(join(path, PID_FILE))
    })
    if (holder !== undefined) {
      throw new Error(
        `the server with pid ${holder} is running in the folder ${path}${since(path)}; stop that one, or name another folder in APP_RUNTIME`,
      )
    }
    const fits = Buffer.byteLength(path) + 1 + LONGEST_NAME <= LONGEST_SOCKET_PATH
    this.#sockets = fits ? path : mkdtempSync(join(tmpdir(), 'mswoole-'))
  }

  /** The path of a unix socket; in a short private folder where the folder's own name is too long. */
  socket(name: string): string {
    const path = join(this.#sockets, name)
    this.#used.add(path)
    return path
  }

  /** The server has stopped. */
  leave(): void {
    for (const socket of this.#used) rmSync(socket, { force: true })
    rmSync(join(this.path, PID_FILE), { force: true })
    if (this.#sockets !== this.path) rmSync(this.#sockets, { recursive: true, force: true })
  }
}

/** @throws Error that says what to do when the folder cannot be written */
function write<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new Error(
      `the folder ${path} cannot be written (${error instanceof Error ? error.message : error}); make it writable for this user or name another one in APP_RUNTIME`,
    )
  }
}

/** @returns a file in a Runtime folder for what a daemon prints @throws Error when the folder cannot be made or written */
export function openOutput(path: string): number {
  return write(path, () => {
    makeFolder(join(path, 'logs'))
    return openSync(join(path, 'logs', 'output.log'), 'a', 0o640)
  })
}

/** @returns when the server of the folder has started, for people */
function since(path: string): string {
  try {
    // Swedes write dates as logs do.
    return ` since ${statSync(join(path, PID_FILE)).mtime.toLocaleString('sv')}`
  } catch {
    return '' // it has just stopped
  }
}

/** One level at a time: mkdir's own recursion hides why it fails (a read-only disk looks like a missing folder) and hangs below /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  if (dirname(path) !== path) makeFolder(dirname(path))
  mkdirSync(path)
}

/** @returns the pid of the server that runs in a Runtime folder; undefined when none does */
export const readHolder = (runtime: string): number | undefined => holderOf(join(runtime, PID_FILE))

/** A pid is used again, by other programs too: only with its start time it says who that is. */
function holderOf(file: string): number | undefined {
  try {
    const [pid = '', start = ''] = readFileSync(file, 'utf8').split('\n')
    return start !== '' && startOf(Number(pid)) === start ? Number(pid) : undefined
  } catch {
    return undefined // no pid file
  }
}

/** How often it is looked whether it is one's turn, in milliseconds. */
const LOOK_MS = 50

/**
 * Waits until no other living process has a turn of this name in a Runtime folder.
 * @param waits told of the one that has it
 * @returns what ends the turn
 */
export async function takeTurn(runtime: string, name: string, waits: (pid: number) => void): Promise<() => void> {
  const file = join(runtime, name)
  let told = false
  for (;;) {
    const holder = claim(file)
    if (holder === undefined) return () => rmSync(file, { force: true })
    if (!told) waits(holder)
    told = true
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

/**
 * Puts this process into a pid file.
 * @returns the pid of the living process that stands there already
 */
function claim(file: string): number | undefined {
  for (;;) {
    try {
      writeFileSync(file, `${process.pid}\n${startOf(process.pid)}\n`, { flag: 'wx' })
      return undefined
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    if (isChanging(file)) continue
    const holder = holderOf(file)
    if (holder !== undefined) return holder
    rmSync(file, { force: true })
  }
}

/** How long a pid file may be empty, in milliseconds: who makes it writes into it at once, unless it dies between the two. */
const WRITING_MS = 1000

/** Whether another process is just making the pid file, or has just taken it away. */
function isChanging(file: string): boolean {
  const stat = statSync(file, { throwIfNoEntry: false })
  return stat === undefined || (stat.size === 0 && Date.now() - stat.mtimeMs < WRITING_MS)
}

/**
 * @returns when the process started, in the kernel's own words; empty when there is no such process, or it has ended and only nobody
 *   has asked how: in a container whose first process is no init it stays so for ever
 */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? '' : (fields[19] ?? '')
  } catch {
    return '' // no such process
  }
}
