import { cpSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { AppOptions } from '../../../Library/Config/Schema'
import { type LogLine, Server, type ServerOptions } from '../../support/server'

/** What a controller of a template is made of: CommonJS, as a build would have left it. */
export interface Template {
  /** Runs when the file is loaded. */
  readonly load?: string
  /** The members of the class. */
  readonly members?: string
  /** Methods that clients may call. */
  readonly actions?: readonly string[]
}

/** A compiled project in a folder of its own, whose code changes while a server runs it. */
export class Project {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'mswoole-project-')))

  /** @param options of Config/app, over: two workers, a free port, no rate limit */
  constructor(options: AppOptions = {}) {
    cpSync(resolve('test/fixtures/reload/dist'), join(this.folder, 'dist'), { recursive: true })
    writeFileSync(join(this.folder, 'package.json'), '{ "name": "project", "private": true }')
    mkdirSync(join(this.folder, 'node_modules'))
    for (const [name, target] of [
      ['mswoole-ts', '.'],
      ['zod', 'node_modules/zod'],
    ] as const) {
      symlinkSync(resolve(target), join(this.folder, 'node_modules', name))
    }
    this.configure(options)
  }

  /** Writes a file of the compiled code. @param path below dist/ @returns its full path */
  write(path: string, text: string): string {
    const full = join(this.folder, 'dist', path)
    mkdirSync(dirname(full), { recursive: true })
    writeFileSync(full, text)
    return full
  }

  remove(path: string): void {
    rmSync(join(this.folder, 'dist', path), { recursive: true })
  }

  /** @param from and @param to below the project's folder */
  rename(from: string, to: string): void {
    renameSync(join(this.folder, from), join(this.folder, to))
  }

  /** The code that answers with this version. */
  version(version: number): void {
    this.write('App/Calls/version.js', `exports.VERSION = ${version}\n`)
  }

  configure({ setting, outside, ...options }: AppOptions): void {
    const whole: AppOptions = {
      setting: { worker_num: 2, ...setting },
      outside: outside ?? { main: { port: 0 } },
      limits: { rate: 0 },
      ...options,
    }
    this.write('Config/app.js', `exports.default = ${JSON.stringify(whole)}\n`)
  }

  /** Writes App/<name>/Controller/<name>. @returns the path of the file below dist/, as errors name it */
  controller(name: string, { load = '', members = '', actions = [] }: Template): string {
    const declared = actions.map((method) => `action()(${name}.prototype, '${method}')\n`).join('')
    const file = `App/${name}/Controller/${name}.js`
    this.write(
      file,
      `const { action, log, slot } = require('mswoole-ts')\n${load}\nclass ${name} {\n${members}\n}\n${declared}exports.${name} = ${name}\n`,
    )
    return file
  }

  start(env: ServerOptions['env'] = {}): Promise<Server> {
    return Server.start({ folder: this.folder, env })
  }

  delete(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

const RELOAD_MS = 30_000

/** Sends SIGHUP; resolves when the new code serves. @throws Error when the reload fails */
export async function reload(server: Server): Promise<LogLine> {
  server.process.kill('SIGHUP')
  const line = await server.logged(({ msg }) => /^reload(: new code serves| failed)/.test(msg), RELOAD_MS)
  if (line.msg.startsWith('reload failed')) throw new Error(`the reload failed: ${JSON.stringify(line.err)}`)
  return line
}

/** Sends SIGHUP; resolves when no old worker is left. */
export async function reloadWhole(server: Server): Promise<void> {
  await reload(server)
  await lastOldWorkerEnded(server)
}

export const lastOldWorkerEnded = (server: Server) =>
  server.logged(({ msg }) => msg === 'reload: the last old worker has ended', RELOAD_MS)

/** Sends SIGHUP to a server whose new code is no good. @returns what the log says of it */
export async function failToReload(server: Server, deadlineMs = RELOAD_MS): Promise<string> {
  server.process.kill('SIGHUP')
  const line = await server.logged(({ msg }) => /^reload(: new code serves| failed)/.test(msg), deadlineMs)
  if (!line.msg.startsWith('reload failed')) throw new Error('the reload went well')
  return `${Object(line.err).message}`
}
