import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { DAEMON } from '../../Library/Log/Log'
import type { Project } from '../Project'
import { openOutput } from '../Supervisor/Runtime'
import { isObject } from '../Wire/Protocol'
import { lastComplaint } from './logFiles'
import { presentProject } from './project'

/** Whether this process is the one that `start -d` has started. */
export const isDaemon = process.env[DAEMON] !== undefined && process.send !== undefined

/** What a daemon tells who started it. */
interface News {
  /** It listens: what people want to know of it. */
  readonly banner?: string
  /** Why it does not start. */
  readonly failure?: string
}

/** In the daemon: tells who started it what has become of the start. @throws Error of the start */
export async function tellStarter(start: () => Promise<{ readonly banner: string }>): Promise<void> {
  try {
    const { banner } = await start()
    await tell({ banner })
  } catch (error) {
    await tell({ failure: error instanceof Error ? error.message : String(error) })
    throw error
  }
}

/** Resolves when it is on its way, or the starter has gone. */
function tell(news: News): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) return resolve()
    process.send?.(news, undefined, undefined, () => {
      if (process.connected) process.disconnect()
      resolve()
    })
  })
}

/**
 * Starts the server in a session of its own, which no terminal ends.
 * @param timeoutMs how long it may take until it listens, in milliseconds; then it is ended
 * @throws Error that says why it does not listen
 */
export async function startDaemon(timeoutMs: number): Promise<void> {
  const project = presentProject()
  const output = openOutput(project.runtime)
  const daemon = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', 'start'], {
    detached: true,
    stdio: ['ignore', output, output, 'ipc'],
    env: { ...process.env, [DAEMON]: '1' },
  })
  closeSync(output)
  console.log(await listening(daemon, project, timeoutMs))
  if (daemon.connected) daemon.disconnect()
  daemon.unref()
}

/** @returns the banner @throws Error that says why it does not listen; it has ended then */
async function listening(daemon: ChildProcess, { runtime }: Project, timeoutMs: number): Promise<string> {
  const since = new Date()
  let given = ''
  const giveUp = (why: string) => {
    given = why
    daemon.kill('SIGTERM')
  }
  const late = setTimeout(() => giveUp(`the server does not listen within ${timeoutMs / 1000} s`), timeoutMs)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => giveUp(`interrupted by ${signal}`))
  let news: News = {}
  const banner = new Promise<string>((resolve, reject) => {
    daemon.once('message', (message) => {
      if (isObject(message)) news = message
      if (news.banner !== undefined) resolve(news.banner)
    })
    daemon.once('error', reject)
    daemon.once('exit', (code, signal) => {
      if (news.failure !== undefined) return reject(new Error(news.failure))
      const why =
        given || `the server ${signal ? `was ended by ${signal}` : `ended with code ${code}`} before it listened`
      const complaint = lastComplaint(runtime, since)
      reject(new Error(`${why}${complaint === undefined ? '' : `: ${complaint}`} (all of it: ${runtime}/logs)`))
    })
  })
  return banner.finally(() => clearTimeout(late))
}
