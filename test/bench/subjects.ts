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

/** @param replies 1: the answer; 2: an acknowledgement first */
export async function startFloor(core: number, replies: 1 | 2): Promise<Subject> {
  const floor = spawn('taskset', ['-c', String(core), process.execPath, join(__dirname, 'floor.js'), String(replies)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const [port] = await once(floor, 'message')
  return {
    port,
    pids: [floor.pid ?? 0],
    stop: async () => {
      const ended = once(floor, 'exit')
      floor.disconnect()
      await ended
    },
  }
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
  for (const each of pids) execFileSync('taskset', ['-acp', String(core), String(each)])
  return {
    port: server.port(),
    pids,
    stop: async () => {
      await server.stop()
    },
  }
}
