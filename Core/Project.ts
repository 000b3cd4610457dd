// What the user's files import; the order matters, see `load`.
import './index'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join, resolve } from 'node:path'
import { checkApp, checkCache, checkDb } from '../Library/Config/Config'
import { ConfigError } from '../Library/Config/ConfigError'
import type { Environment } from '../Library/Config/Environment'
import type { AppConfig, CacheConfig, DbConfig } from '../Library/Config/Schema'
import { MEMORY, parseDsn } from '../Library/DB/Dsn'
import { describeFault } from './Fault'

/** The user's project: where its compiled code is, and what it is configured to do. */
export interface Project {
  readonly folder: string
  /** The folder of the compiled code, which holds App/ and Config/. */
  readonly root: string
  readonly runtime: string
  readonly config: AppConfig
  readonly cache: CacheConfig
}

/**
 * Finds the project that is started in `folder` and reads its configuration.
 * @throws ConfigError when there is none, or it cannot be used
 */
export function openProject(folder: string, environment: Environment): Project {
  const root = join(folder, 'dist')
  if (!existsSync(join(root, 'Config', 'app.js'))) {
    throw new ConfigError(`${join(root, 'Config', 'app.js')} is missing; build the project first: npm run build`)
  }
  const require = createRequire(join(root, 'package.json'))
  const cacheFile = join(root, 'Config', 'cache.js')
  return {
    folder,
    root,
    runtime: runtimeOf(folder, environment),
    config: readConfig(root, environment),
    cache: checkCache(existsSync(cacheFile) ? load(require, cacheFile) : {}, environment),
  }
}

/** @returns the folder of what is written at run time */
export const runtimeOf = (folder: string, environment: Environment) =>
  resolve(folder, environment.APP_RUNTIME || 'Runtime')

/**
 * Reads Config/app.ts of the compiled project in `root`.
 * @throws ConfigError when it cannot be used
 */
export function readConfig(root: string, environment: Environment): AppConfig {
  return checkApp(load(createRequire(join(root, 'package.json')), join(root, 'Config', 'app.js')), environment)
}

/**
 * Reads Config/db.ts of the compiled project in `root`, if it has one. Files are found from `folder` on; without a url it is the
 * embedded SQLite in `runtime`.
 * @throws ConfigError when it cannot be used
 */
export function readDb(place: Pick<Project, 'folder' | 'root' | 'runtime'>, environment: Environment): DbConfig {
  const { folder, root, runtime } = place
  const file = join(root, 'Config', 'db.js')
  const options = existsSync(file) ? load(createRequire(join(root, 'package.json')), file) : {}
  const config = checkDb({ ...options }, environment)
  const placed = Object.entries(config).map(([name, { url, prefix }]) => {
    return [
      name,
      { prefix, url: url === '' ? sqliteUrl(join(runtime, 'data.sqlite')) : absolute(url, folder) },
    ] as const
  })
  return Object.fromEntries(placed)
}

/** The default export of a configuration file; what is in it is checked by its schema. */
function load(require: NodeJS.Require, path: string): object {
  let exports: { default?: unknown }
  // From here on files are the user's: what fails in them is named by the lines that he has written. To read the maps of the kernel's
  // files, too, would cost every process some time and memory, so all that they import of it has been loaded before.
  process.setSourceMapsEnabled(true)
  try {
    exports = require(path)
  } catch (error) {
    throw new ConfigError(`${nameOf(path)} does not load: ${describeFault(error)}. Correct it and build again`)
  }
  if (typeof exports.default === 'object' && exports.default !== null) return exports.default
  throw new ConfigError(`${nameOf(path)} has no default export; write: export default defineConfig({ ... })`)
}

const sqliteUrl = (path: string) => `sqlite:${path}`

/** Where a url names a file, by its place in the project. */
function absolute(url: string, folder: string): string {
  const dsn = parseDsn(url)
  return dsn.dialect === 'sqlite' && dsn.file !== MEMORY ? sqliteUrl(resolve(folder, dsn.file)) : url
}

/** The source of a compiled configuration file, as people know it. */
const nameOf = (path: string) => `Config/${basename(path, '.js')}.ts`
