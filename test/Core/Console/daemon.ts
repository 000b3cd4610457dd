import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { eventually } from '../../support/eventually'
import { type ProgramOptions, pidsOf, processesOf, runConsole, temporary } from '../../support/program'

/** A Runtime folder, the commands for the server in it, and what runs there; all of it is ended with the test. */
export class Place {
  readonly runtime = temporary()
  readonly #options: ProgramOptions

  constructor({ env, ...options }: ProgramOptions = {}) {
    const own = { APP_OUTSIDE_PORT: '0', APP_MANAGER_PORT: '0', APP_RUNTIME: this.runtime }
    this.#options = { ...options, env: { ...own, ...env } }
    onTestFinished(() => this.#clear())
  }

  get env(): Readonly<Record<string, string>> {
    return this.#options.env ?? {}
  }

  console(...args: string[]) {
    return runConsole(args, this.#options)
  }

  /** Starts a daemon. @returns its pid and its address, as it prints them */
  async start(): Promise<{ pid: number; url: string; stdout: string }> {
    const { code, stdout, stderr } = await this.console('start', '-d')
    const [, pid = ''] = /has started, pid (\d+)$/m.exec(stdout) ?? []
    const [, url = ''] = /^ {2}main +(ws:\S+)$/m.exec(stdout) ?? []
    if (code !== 0 || pid === '' || url === '') throw new Error(`start -d ended with ${code}:\n${stdout}\n${stderr}`)
    return { pid: Number(pid), url, stdout }
  }

  /** What the daemon has printed besides its log. */
  get output(): string {
    return readFileSync(join(this.runtime, 'logs', 'output.log'), 'utf8')
  }

  get processes(): string[] {
    return processesOf(this.runtime)
  }

  async #clear(): Promise<void> {
    for (const pid of pidsOf(this.runtime, 'console.js start')) process.kill(pid, 'SIGKILL')
    await eventually(() => {
      if (this.processes.length > 0) throw new Error(`these go on: ${this.processes.join('\n')}`)
    }, 60_000)
  }
}
