import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Server } from '../support/server'
import { processesOf } from './cpu'

/** A server that is measured. */
export interface Subject {
  readonly port: number
  /** The processes whose CPU time counts. */
  readonly pids: number[]
  stop(): Promise<void>
}

/**
 * Starts a program that says its port over IPC, and ends when its channel does.
 * @throws Error when it ends before that
 */
export async function startProgram(core: number, file: string, ...args: string[]): Promise<Subject> {
  const program = spawn('taskset', ['-c', String(core), process.execPath, file, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ended = once(program, 'exit')
  const died = ended.then(([code]) => {
    throw new Error(`${file} ended with ${code} before it listened`)
  })
  died.catch(() => {}) // it ends some day, after it has listened
  const [port] = await Promise.race([once(program, 'message'), died])
  return {
    port,
    pids: [program.pid ?? 0],
    stop: async () => {
      program.disconnect()
      await ended
    },
  }
}

/** @param replies 1: the answer; 2: an acknowledgement first */
export function startFloor(core: number, replies: 1 | 2): Promise<Subject> {
  return startProgram(core, join(__dirname, 'floor.js'), String(replies))
}

export function pin(core: number, pids: readonly number[]): void {
  for (const pid of pids) execFileSync('taskset', ['-acp', String(core), String(pid)])
}

/**
 * The framework as `console start` runs it, with the samples: auth and filter as they are by default, no rate limit. What counts
 * are the processes that a call goes through, not the supervisor.
 */
export async function startFramework(core: number, mode: string, replies: 1 | 2): Promise<Subject> {
  const env = { APP_MODE: mode, APP_WORKERS: '1', APP_ACK: replies === 2 ? '1' : '0', APP_RATE: '0' }
  const server = await Server.start({ env })
  const pid = server.process.pid ?? 0
  const pids = processesOf(pid, /Core\/(Base|Gateway|Worker)\/main\.js/)
  pin(core, pids)
  return {
    port: server.port(),
    pids,
    stop: async () => {
      await server.stop()
    },
  }
}
