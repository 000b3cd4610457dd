import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { engineVersion } from '../../Core/Gateway/Engine'

/** On what, and of what, the figures are. */
export interface Machine {
  readonly time: string
  readonly processor: string
  readonly cores: number
  readonly memory: string
  readonly kernel: string
  readonly node: string
  readonly engine: string
  /** With `+` when files were changed since. */
  readonly commit: string
}

export function machine(): Machine {
  return {
    time: new Date().toISOString(),
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: `Linux ${release()}`,
    node: process.version,
    engine: `uWebSockets.js ${engineVersion}`,
    commit: commit(),
  }
}

function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') === '' ? '' : '+'}`
  } catch {
    return 'unknown' // not a clone, or no git
  }
}

/** Files that a process needs besides its connections. */
const OTHER_FILES = 500

/** @returns as many connections as are wanted, or as one process may have files open here */
export function mostConnections(wanted: number): number {
  const [, hard = '0'] = /^Max open files +\S+ +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  return Math.min(wanted, Number(hard) - OTHER_FILES)
}
