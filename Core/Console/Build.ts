import { spawn } from 'node:child_process'
import { cpSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { isObject } from '../Wire/Protocol'

/** The folder into which a process compiles; its pid tells which ones are left over. */
const NAME = /^\.dist-(\d+)/

/** The project does not compile; the message is what the compiler says, with file and line. */
export class CompileError extends Error {
  override name = 'CompileError'
}

/**
 * Compiles a project beside its dist/, which changes only as a whole and only by `swap`. The folder beside it is at the same depth, so
 * that source maps fit.
 */
export class Build {
  readonly #folder: string
  readonly #compiler: string
  readonly #out: string

  /** @throws Error that says what the project lacks to be compiled */
  constructor(folder: string) {
    this.#folder = folder
    this.#compiler = findCompiler(folder)
    this.#out = join(folder, `.dist-${process.pid}`)
    for (const name of readdirSync(folder)) {
      const [, pid] = NAME.exec(name) ?? []
      if (pid !== undefined && !lives(Number(pid))) rmSync(join(folder, name), { recursive: true, force: true })
    }
  }

  /**
   * Compiles all; what has not changed since the last time is not compiled again.
   * @param fresh whether source files have gone since: what they were compiled to must not stay
   * @throws CompileError
   */
  async compile(fresh = false): Promise<void> {
    if (fresh) this.remove()
    const { code, text } = await run(
      this.#compiler,
      [
        ...['-p', 'tsconfig.json', '--outDir', this.#out, '--noEmit', 'false', '--noEmitOnError'],
        ...['--incremental', '--tsBuildInfoFile', this.#infoFile, '--pretty', String(process.stderr.isTTY === true)],
      ],
      this.#folder,
    )
    if (code !== 0) throw new CompileError(text.trim() || `the compiler ended with ${code}`)
    if (!existsSync(this.#out)) throw new CompileError('tsconfig.json leaves nothing to compile: see its "include"')
  }

  /** Puts what was compiled in the place of dist/. @returns what puts the old one back, and what drops it */
  swap(): { undo: () => void; drop: () => void } {
    const [dist, next, old] = [join(this.#folder, 'dist'), `${this.#out}-next`, `${this.#out}-old`]
    for (const folder of [next, old]) rmSync(folder, { recursive: true, force: true })
    cpSync(this.#out, next, { recursive: true })
    const had = existsSync(dist)
    if (had) renameSync(dist, old)
    renameSync(next, dist)
    const undo = () => {
      if (!had) return
      renameSync(dist, next)
      renameSync(old, dist)
      rmSync(next, { recursive: true, force: true })
    }
    return { undo, drop: () => rmSync(old, { recursive: true, force: true }) }
  }

  /** Removes all but dist/. */
  remove(): void {
    for (const path of [this.#out, this.#infoFile]) rmSync(path, { recursive: true, force: true })
  }

  get #infoFile(): string {
    return `${this.#out}.tsbuildinfo`
  }
}

function findCompiler(folder: string): string {
  if (!existsSync(join(folder, 'tsconfig.json'))) {
    throw new Error(`${join(folder, 'tsconfig.json')} is missing: it says what is compiled, and how`)
  }
  try {
    const require = createRequire(join(folder, 'package.json'))
    const path = require.resolve('typescript/package.json')
    const description: unknown = require(path)
    const bin: unknown = isObject(description) && isObject(description.bin) ? description.bin.tsc : undefined
    if (typeof bin === 'string') return join(dirname(path), bin)
  } catch {
    // It is not installed.
  }
  throw new Error(
    `the project in ${folder} has no compiler: npm install --save-dev typescript (an install without development dependencies leaves it out; build elsewhere then, and reload without --build)`,
  )
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function run(script: string, args: readonly string[], cwd: string): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, [script, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, text }))
  })
}
