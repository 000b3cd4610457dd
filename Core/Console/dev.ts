import { type ChildProcess, spawn } from 'node:child_process'
import type { Command } from 'commander'
import { EXIT } from '../Handler'
import { runtimeOf } from '../Project'
import { Build } from './Build'
import { command, NotRunning } from './manager'
import { presentFolder, presentProject } from './project'
import { Sources } from './Sources'

/** How often a server that starts is asked whether it can be told to reload, in milliseconds. */
const LOOK_MS = 200

export function addDev(program: Command): void {
  program
    .command('dev')
    .description('for development: compile, start the server, and compile and reload by itself at every save')
    .addHelpText(
      'after',
      `
Clients stay connected. What does not compile or load is shown, and the code that ran before goes on; the next save tries
again. It wants TypeScript among the modules of the project (npm install --save-dev typescript). Ctrl-C stops both.`,
    )
    .action(() => new Dev(presentFolder()).run())
}

/** The server, and the code that is written meanwhile. */
class Dev {
  readonly #build: Build
  readonly #sources: Sources
  #server: ChildProcess | undefined

  /** @throws Error that says what the project lacks to be compiled */
  constructor(folder: string) {
    this.#build = new Build(folder)
    this.#sources = new Sources(folder, runtimeOf(folder, process.env))
  }

  async run(): Promise<never> {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => this.#stop())
    for (let gone = false; ; { gone } = await this.#sources.changed()) {
      const began = performance.now()
      try {
        const what = await this.#bringIn(gone)
        say(`${what} after ${((performance.now() - began) / 1000).toFixed(1)} s`)
      } catch (error) {
        say(`${error instanceof Error ? error.message : error}`)
        say(this.#server ? 'the code that ran before goes on; waiting for the next save' : 'waiting for the next save')
      }
    }
  }

  /** @returns what has been done */
  async #bringIn(fresh: boolean): Promise<string> {
    await this.#build.compile(fresh)
    const { undo, drop } = this.#build.swap()
    if (this.#server === undefined) {
      drop()
      this.#start()
      return 'compiled'
    }
    try {
      await this.#reload()
      drop()
      return 'reloaded'
    } catch (error) {
      undo()
      throw error
    }
  }

  #start(): void {
    const server = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', 'start'], { stdio: 'inherit' })
    this.#server = server
    server.once('exit', () => {
      this.#server = undefined
      say('the server has ended; it starts again with the next save')
    })
  }

  /** One that has just been started is told as soon as it listens. */
  async #reload(): Promise<void> {
    for (;;) {
      try {
        await command(presentProject(), {}, { method: 'reload' })
        return
      } catch (error) {
        if (!(error instanceof NotRunning) || this.#server === undefined) throw error
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }

  /** A terminal has told the server as well, which takes two signals at once for one. */
  async #stop(): Promise<void> {
    const server = this.#server
    server?.kill('SIGTERM')
    if (server !== undefined) await new Promise((resolve) => server.removeAllListeners('exit').once('exit', resolve))
    this.#build.remove()
    process.exit(EXIT.done)
  }
}

const say = (text: string) => process.stderr.write(`${text.trimEnd().replace(/^/gm, 'dev: ')}\n`)
