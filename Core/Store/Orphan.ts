import { readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { answers } from './SocketPath'

const END_DEADLINE = 3_000
const POLL_INTERVAL = 20

interface Place {
  readonly runtime: string
  readonly socket: string
}

export function pidFile(runtime: string): string {
  return join(runtime, 'store.pid')
}

/**
 * Ends the private Redis that an earlier run left in this folder, if it still lives: SIGTERM, and SIGKILL after 3 s. A process that
 * merely got its number is left alone. (Which process it is, /proc tells; where there is none, nothing is ended.) The caller must own
 * the folder: nothing here can tell an orphan from the store of a second supervisor that lives.
 */
export async function endOrphan(place: Place): Promise<void> {
  const pid = readPid(pidFile(place.runtime))
  if (pid !== undefined) await end(pid, place)
  rmSync(pidFile(place.runtime), { force: true })
}

async function end(pid: number, place: Place): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    // Each time anew: the number may have gone to somebody else while we waited.
    if (!isPrivateRedis(pid, place)) return
    if (!signalGroup(pid, signal)) trySignal(pid, signal)
    if (await isGone(pid, place)) return
  }
}

/** To all processes of a group; false if there is none left. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  return trySignal(-group, signal)
}

function trySignal(target: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(target, signal)
  } catch (error) {
    if (isSystemError(error, 'ESRCH')) return false
    throw error
  }
}

async function isGone(pid: number, { socket }: Place): Promise<boolean> {
  const deadline = Date.now() + END_DEADLINE
  // A dying process first loses its name, then its state, and last, with its last thread, its socket.
  while (isRunning(pid) || (await answers(socket))) {
    if (Date.now() > deadline) return false
    await delay(POLL_INTERVAL)
  }
  return true
}

function isRunning(pid: number): boolean {
  const state = /^.*\) (.)/s.exec(readOrNothing(() => readFileSync(`/proc/${pid}/stat`, 'utf8')))?.[1]
  return state !== undefined && state !== 'Z' && state !== 'X'
}

function readPid(file: string): number | undefined {
  const text = readOrNothing(() => readFileSync(file, 'utf8'))
  return /^[1-9]\d*\s*$/.test(text) ? Number(text) : undefined
}

/**
 * Redis 6.2 and later show the socket in their command line. Older ones replace it by a title without it; they are known by the
 * folder that they work in.
 */
function isPrivateRedis(pid: number, { runtime, socket }: Place): boolean {
  const commandLine = readOrNothing(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
  if (!/(?:redis|valkey)-server/.test(commandLine)) return false
  return commandLine.includes(socket) || readOrNothing(() => readlinkSync(`/proc/${pid}/cwd`)) === runtime
}

function readOrNothing(read: () => string): string {
  try {
    return read()
  } catch (error) {
    // The file, or the process behind it, is not there.
    if (isSystemError(error, 'ENOENT') || isSystemError(error, 'ESRCH') || isSystemError(error, 'EACCES')) return ''
    throw error
  }
}

function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
