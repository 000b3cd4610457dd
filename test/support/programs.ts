import { execFile } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const POLICY = '/usr/sbin/policy-rc.d'

/** The full path of the first of these programs that PATH has. */
export function findProgram(...names: string[]): string | undefined {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      const path = join(folder, name)
      if (folder !== '' && executable(path)) return path
    }
  }
  return undefined
}

/** The Redis server that the tests start, from PATH. Throws an Error that says what to install. */
export function redisServer(): string {
  const path = findProgram('redis-server', 'valkey-server')
  if (path !== undefined) return path
  throw new Error(
    'The tests need a Redis server, and PATH has neither redis-server nor valkey-server. Install one: ' +
      '`apt-get install redis-server` (Debian, Ubuntu), `dnf install valkey` (Fedora), `apk add redis` (Alpine), ' +
      '`brew install redis` (macOS). Only as root on Debian the tests install it themselves.',
  )
}

/** What became of something that tests need. */
export interface Provided {
  /** One line that says what is there, or what the tests go without. */
  readonly line: string
  /** Tests are skipped. */
  readonly lacks?: true
}

/**
 * Sees to it that there is a Redis server, installing Debian's where that is possible, without starting its service.
 * @throws Error that says what to install
 */
export async function ensureRedisServer(): Promise<Provided> {
  if (findProgram('redis-server', 'valkey-server') !== undefined || !mayInstall()) {
    return { line: `redis: ${redisServer()}` }
  }
  await install('redis-server')
  return { line: `redis: installed by apt-get, ${redisServer()}` }
}

/** Sees to it that tests can make machines with addresses of their own, which takes root. */
export async function ensureNetwork(): Promise<Provided> {
  if (process.getuid?.() !== 0) {
    return { line: 'network: not root, so no test cuts a machine off by its address', lacks: true }
  }
  if (findProgram('ip') && findProgram('iptables')) return { line: 'network: ip, iptables' }
  if (!mayInstall()) {
    return { line: 'network: no ip and iptables, so no test cuts a machine off by its address', lacks: true }
  }
  await install('iproute2', 'iptables')
  return { line: 'network: ip and iptables installed by apt-get' }
}

/** Sees to it that there is a browser for the tests of pages. */
export async function ensureBrowser(): Promise<Provided> {
  const found = findProgram('chromium', 'chromium-browser', 'google-chrome')
  if (found) return { line: `browser: ${found}` }
  if (!mayInstall()) {
    return { line: 'browser: no chromium on PATH, so no page is tested; `apt-get install chromium`', lacks: true }
  }
  await install('chromium')
  return { line: 'browser: chromium installed by apt-get' }
}

/** Where a database server is, and what makes its first folder. */
export interface DatabasePrograms {
  readonly server: string
  readonly install: string
}

export function findMariaDb(): DatabasePrograms | undefined {
  const server = findProgram('mariadbd') ?? firstOf(['/usr/sbin/mariadbd'])
  const install = findProgram('mariadb-install-db')
  return server && install ? { server, install } : undefined
}

/** Debian keeps them away from PATH. */
export function findPostgres(): DatabasePrograms | undefined {
  const home = '/usr/lib/postgresql'
  const versions = existsSync(home) ? readdirSync(home).sort((one, other) => Number(other) - Number(one)) : []
  const folders = [
    ...versions.map((version) => join(home, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ]
  const folder = folders.find((path) => ['initdb', 'postgres'].every((name) => executable(join(path, name))))
  return folder === undefined ? undefined : { server: join(folder, 'postgres'), install: join(folder, 'initdb') }
}

/** Sees to it that there are the servers of databases that can be tested. */
export async function ensureDatabases(): Promise<Provided[]> {
  return [
    await ensureDatabase('MariaDB', 'mariadb-server', findMariaDb),
    await ensureDatabase('PostgreSQL', 'postgresql', findPostgres),
  ]
}

async function ensureDatabase(
  name: string,
  debian: string,
  find: () => DatabasePrograms | undefined,
): Promise<Provided> {
  const there = find()
  if (there) return { line: `${name}: ${there.server}` }
  if (!mayInstall())
    return { line: `${name}: is not there, so it is not tested; \`apt-get install ${debian}\``, lacks: true }
  await install(debian)
  const installed = find()
  if (installed) return { line: `${name}: installed by apt-get, ${installed.server}` }
  throw new Error(`apt-get has installed ${debian}, and there is no server to be found`)
}

const firstOf = (paths: readonly string[]) => paths.find(executable)

const mayInstall = () => findProgram('apt-get') !== undefined && process.getuid?.() === 0

/** @throws Error that names what could not be installed */
async function install(...packages: string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const wait = ['-o', 'DPkg::Lock::Timeout=300']
  const allowAgain = forbidServices()
  try {
    await run('apt-get', [...wait, 'update'], { env })
    await run('apt-get', [...wait, 'install', '-y', '--no-install-recommends', ...packages], { env })
  } catch (error) {
    throw new Error(`apt-get could not install ${packages.join(' ')}: install it by hand. ${said(error)}`, {
      cause: error,
    })
  } finally {
    allowAgain()
  }
}

/** Debian asks this script whether a freshly installed service may start. One that stands there already is left alone. */
function forbidServices(): () => void {
  try {
    writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return () => {}
    throw error
  }
  return () => rmSync(POLICY, { force: true })
}

/** Builds these TypeScript projects, and before them, if it is not there, the framework that they import by name. */
export async function buildFixtures(projects: string[]): Promise<void> {
  if (projects.length === 0) return
  if (!existsSync(resolve('dist/Core/index.d.ts'))) {
    await reported('npm run build', run('npm', ['run', '--silent', 'build']))
  }
  await Promise.all(projects.map((project) => reported(`tsc -p ${project}`, tsc('-p', project))))
}

/**
 * Compiles one source file and what it imports into a folder of its own, for tests that need it in another process. Returns the path
 * of the JavaScript file, and what removes the folder.
 */
export async function compile(source: string): Promise<{ file: string; remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'mswoole-compiled-'))
  const config = join(folder, 'tsconfig.json')
  writeFileSync(
    config,
    JSON.stringify({
      extends: resolve('tsconfig.json'),
      compilerOptions: {
        rootDir: resolve('.'),
        outDir: folder,
        noEmit: false,
        typeRoots: [resolve('node_modules/@types')],
      },
      files: [resolve(source)],
      include: [],
    }),
  )
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    await reported(`tsc ${source}`, tsc('-p', config))
  } catch (error) {
    remove()
    throw error
  }
  return { file: join(folder, source.replace(/\.ts$/, '.js')), remove }
}

function tsc(...args: string[]): Promise<unknown> {
  return run(resolve('node_modules/.bin/tsc'), args)
}

async function reported(what: string, work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    throw new Error(`${what} failed: ${said(error)}`, { cause: error })
  }
}

/** What a program printed before it failed; tsc says its errors on standard output. */
function said(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const stdout = 'stdout' in error ? String(error.stdout) : ''
  const stderr = 'stderr' in error ? String(error.stderr) : ''
  return [error.message, stdout, stderr].filter((text) => text.trim() !== '').join('\n')
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // Not there, or not for us: look on.
    return false
  }
}
