import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { temporary } from '../../support/program'

/** A user's project as it lies on his disk: sources, tsconfig.json, modules. */
export class SourceProject {
  readonly folder = realpathSync(temporary())

  /** @param compiler whether it has TypeScript among its modules */
  constructor(compiler = true) {
    mkdirSync(join(this.folder, 'node_modules'))
    for (const name of ['mswoole-ts', '@types', 'zod', ...(compiler ? ['typescript'] : [])]) {
      const target = name === 'mswoole-ts' ? resolve('.') : resolve('node_modules', name)
      symlinkSync(target, join(this.folder, 'node_modules', name))
    }
    this.write('package.json', '{ "name": "project", "private": true }')
    const { compilerOptions } = JSON.parse(readFileSync('tsconfig.json', 'utf8'))
    this.write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['App', 'Config'] }))
    this.write(
      'Config/app.ts',
      "import { defineConfig } from 'mswoole-ts'\nexport default defineConfig({ setting: { worker_num: 2, controller_timeout: 60, max_wait_time: 60 }, outside: { main: { port: 0 } } })\n",
    )
    this.answers('one')
  }

  write(path: string, text: string): void {
    const full = join(this.folder, path)
    mkdirSync(dirname(full), { recursive: true })
    writeFileSync(full, text)
  }

  remove(path: string): void {
    rmSync(join(this.folder, path), { recursive: true })
  }

  has(path: string): boolean {
    return existsSync(join(this.folder, path))
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8')
  }

  /** What `news.news.index` answers from the next build on. @param first the first line of the file */
  answers(text: string, first = ''): void {
    this.write(
      'App/News/Controller/News.ts',
      `${first}
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type App, action } from 'mswoole-ts'

export class News {
  /** Ends when a file is there. */
  @action()
  async hold(app: App, data: { fd: number; until?: unknown }) {
    while (!existsSync(String(data.until))) await sleep(20)
    app.sendSuccessMessage(data.fd, 'held', '${text}')
  }

  @action()
  index(app: App, data: { fd: number }) {
    app.sendSuccessMessage(data.fd, 'news', '${text}')
  }
}
`,
    )
  }

  build(): void {
    execFileSync(process.execPath, [resolve('node_modules/typescript/bin/tsc')], { cwd: this.folder })
  }
}
