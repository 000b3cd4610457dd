import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Watched } from '../load/meter'
import { SERVER_CORE } from '../options'

/** A server that is measured: its pids, and what of it counts apart. */
export interface Subject extends Watched {
  readonly name: string
  readonly port: number
  stop(): Promise<void>
}

export interface Program extends Subject {
  /** What it said when it listened, besides its port. */
  readonly said: unknown
  /** @returns the `answer` that it sends */
  ask(question: object): Promise<unknown>
}

/** The programs at the bottom of every comparison: a bare engine. */
export type Floor = 'call' | 'publish' | 'upgrade'

export const startFloor = (floor: Floor, ...args: string[]): Promise<Program> =>
  startProgram('floor', join(__dirname, '..', 'floors', `${floor}.js`), args)

/**
 * Starts a program that says its port over IPC, alone or with other things `{port, ...}`, and ends when its channel does.
 * @throws Error when it ends before that
 */
export async function startProgram(name: string, file: string, args: readonly string[] = []): Promise<Program> {
  const program = spawn('taskset', ['-c', String(SERVER_CORE), process.execPath, ...FLAGS, file, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced', // peers say bytes
  })
  const ended = once(program, 'exit')
  const died = ended.then(([code]) => {
    throw new Error(`${file} ended with ${code} before it listened`)
  })
  died.catch(() => {}) // it ends some day, after it has listened
  const [said] = await Promise.race([once(program, 'message'), died])
  return {
    name,
    port: typeof said === 'number' ? said : Number(Object(said).port),
    server: [program.pid ?? 0],
    store: [],
    said,
    ask: async (question) => {
      program.send(question)
      for (;;) {
        const [message] = await once(program, 'message')
        const { answer } = Object(message)
        if (answer !== undefined) return answer // some libraries use the channel, too
      }
    },
    stop: async () => {
      program.disconnect()
      await ended
    },
  }
}

/** Lets a process be told to collect its garbage. */
const COLLECT = join(__dirname, 'collect.js')
const FLAGS = ['--require', COLLECT]
export const NODE_OPTIONS = FLAGS.map((flag) => JSON.stringify(flag)).join(' ') // the path may have spaces

/** Tells processes to collect their garbage; they do it when they have time. */
export function collect(pids: readonly number[]): void {
  for (const pid of pids) process.kill(pid, 'SIGPWR')
}

/** Keeps processes, with all of their threads, on one core. */
export function pin(core: number, pids: readonly number[]): void {
  for (const pid of pids) execFileSync('taskset', ['-acp', String(core), String(pid)])
}
