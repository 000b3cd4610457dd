import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll } from 'vitest'
import { Inbox } from './inbox'

export const CONSOLE = resolve('dist/Public/console.js')

/** The folder of a fixture, or of the framework. */
export const folderOf = (fixture?: string) => (fixture === undefined ? resolve('.') : resolve('test/fixtures', fixture))

export interface ProgramOptions {
  readonly cwd?: string
  /** All of its environment, besides PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>
  /** In a process group of its own, as a terminal makes one for each command. */
  readonly ownGroup?: boolean
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A program under test, and everything that it prints. */
export class Program {
  readonly process: ChildProcess
  /** Lines of both streams. */
  readonly lines = new Inbox<string>('line')
  readonly stdout: string[] = []
  readonly stderr: string[] = []
  readonly ended: Promise<Ended>

  constructor(file: string, args: readonly string[], { cwd = '.', env = {}, ownGroup = false }: ProgramOptions = {}) {
    const { PATH = '', HOME = '' } = process.env
    this.process = spawn(file, args, {
      cwd,
      env: { PATH, HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: ownGroup,
    })
    this.ended = once(this.process, 'close').then(([code, signal]) => ({ code, signal }))
    this.ended.then(() => running.delete(this))
    for (const name of ['stdout', 'stderr'] as const) {
      const stream = this.process[name]
      if (!stream) continue
      createInterface(stream).on('line', (line) => {
        this[name].push(line)
        this.lines.add(line)
      })
    }
    running.add(this)
  }

  get pid(): number {
    return this.process.pid ?? 0
  }

  get output(): string {
    return [...this.stdout, ...this.stderr].join('\n')
  }

  /** Waits for a line; lines that came before count, each once. */
  async says(text: string, deadlineMs = 60_000): Promise<string> {
    const early = this.ended.then(({ code }) => {
      throw new Error(`it ended with ${code} and never said "${text}":\n${this.output}`)
    })
    early.catch(() => {})
    return Promise.race([this.lines.next((line) => line.includes(text), deadlineMs), early])
  }

  /** Sends a signal; to the whole group, as Ctrl-C in a terminal does, where asked to. */
  signal(signal: NodeJS.Signals, to: 'process' | 'group' = 'process'): void {
    if (to === 'group') process.kill(-this.pid, signal)
    else this.process.kill(signal)
  }

  /** Ends it, whatever it is doing. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.ended
  }
}

const running = new Set<Program>()

/** Runs a program to its end. */
export async function run(file: string, args: readonly string[], options?: ProgramOptions) {
  const program = new Program(file, args, options)
  const { code } = await program.ended
  return { code, stdout: program.stdout.join('\n'), stderr: program.stderr.join('\n') }
}

/** Runs a command of the console to its end. */
export const runConsole = (args: readonly string[], options?: ProgramOptions) =>
  run(process.execPath, [CONSOLE, ...args], options)

/** A temporary folder, removed after the tests of the file, as the programs are ended that still run then. */
export function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mswoole-ops-'))
  folders.push(folder)
  return folder
}

const folders: string[] = []
afterAll(async () => {
  // Those of tests that failed; what they have started ends with them.
  await Promise.all([...running].map((program) => program.kill()))
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

export interface ServerProgramOptions extends ProgramOptions {
  readonly fixture?: string
  /** Another build of the console. */
  readonly console?: string
  /** The folder that it is told to write to, which stays when it ends. */
  readonly runtime?: string
}

/** `console start`, with whatever it leaves behind. */
export class ServerProgram extends Program {
  readonly runtime: string

  constructor({ fixture, runtime = temporary(), console = CONSOLE, env, ...options }: ServerProgramOptions = {}) {
    const own = { APP_OUTSIDE_PORT: '0', APP_MANAGER_PORT: '0', APP_RUNTIME: runtime }
    super(process.execPath, [console, 'start'], { cwd: folderOf(fixture), ...options, env: { ...own, ...env } })
    this.runtime = runtime
  }

  static async start(options?: ServerProgramOptions): Promise<ServerProgram> {
    const server = new ServerProgram(options)
    await server.says('has started, pid')
    await server.says('  engine') // the last line that every banner has
    return server
  }

  /** The address of a public port, from the banner. */
  url(port = 'main'): string {
    const row = this.stderr.find((line) => line.startsWith(`  ${port} `))
    return row?.trim().split(/ +/)[1] ?? `the banner has no port ${port}`
  }

  /** Waits for a line of the log with this message. */
  async logs(message: string, deadlineMs?: number): Promise<Record<string, unknown>> {
    const line = await this.says(`"msg":"${message}`, deadlineMs)
    return JSON.parse(line)
  }

  /** What is left in its folder besides the logs and the database. */
  leftOver(): string[] {
    return leftIn(this.runtime).filter((name) => name !== 'logs')
  }

  /** The command lines of the processes that belong to it: those that work for its folder. */
  processes(): string[] {
    return processesOf(this.runtime)
  }
}

/** What is in a Runtime folder besides the database, which stays. */
export const leftIn = (runtime: string) => readdirSync(runtime).filter((name) => !name.startsWith('data.sqlite'))

/** The command lines of the processes that have this folder in their environment, as an argument, or as the one they work in. */
export function processesOf(runtime: string): string[] {
  const found: string[] = []
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8')
      const isOurs = [commandLine, environment].some((text) => text.includes(runtime))
      if (commandLine !== '' && (isOurs || readlinkSync(`/proc/${pid}/cwd`) === runtime)) {
        found.push(`${pid} ${commandLine}`)
      }
    } catch {
      // It has ended while we looked.
    }
  }
  return found
}

/** The pids of the processes of a folder whose command line holds this text. */
export const pidsOf = (runtime: string, text: string): number[] =>
  processesOf(runtime)
    .filter((line) => line.includes(text))
    .map((line) => Number.parseInt(line, 10))
