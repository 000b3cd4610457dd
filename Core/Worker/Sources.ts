import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join, relative } from 'node:path'
import type { NamedMigration } from '../../Library/DB/Migrations'
import type { Migration } from '../../Library/DB/Schema'
import { describeFault } from '../Fault'

/** A file of a controller, loaded. */
export interface Source {
  /** For people: relative to the project. */
  readonly file: string
  readonly module: string
  readonly name: string
  /** What the file exports under its own name, or as default. */
  readonly exported: unknown
}

/** A file under App/ that does not load; the message names it, the error and the line. */
export class SourceError extends Error {
  override name = 'SourceError'
}

/**
 * Loads every App/<Module>/Controller/<Name>.js.
 * @param root the folder of the compiled project, which holds App/
 * @param loads told of each file before it is loaded
 * @throws SourceError for the first file that throws
 */
export function loadSources(root: string, loads: (file: string) => void = () => {}): Source[] {
  return [...filesOf(root, 'Controller', loads)].map(({ file, module, name, exports }) => {
    return { file, module, name, exported: exports[name] ?? exports.default }
  })
}

/**
 * Loads every App/<Module>/Migration/<name>.js.
 * @param root the folder of the compiled project, which holds App/
 * @param loads told of each file before it is loaded
 * @throws SourceError for the first file that throws, or is no migration
 */
export function loadMigrations(root: string, loads: (file: string) => void = () => {}): NamedMigration[] {
  return [...filesOf(root, 'Migration', loads)].map(({ file, module, name, exports: { up, down } }) => {
    if (!isChange(up) || !(down === undefined || isChange(down))) {
      throw new SourceError(`${file} is no migration: it must export a function up, and may export a function down`)
    }
    return { name: `${module}/${name}`, file, migration: down === undefined ? { up } : { up, down } }
  })
}

const isChange = (value: unknown): value is Migration['up'] => typeof value === 'function'

/** The scripts in a folder of this name of each module, loaded. */
function* filesOf(root: string, kind: 'Controller' | 'Migration', loads: (file: string) => void) {
  const require = createRequire(join(root, 'package.json'))
  const app = join(root, 'App')
  for (const module of folders(app)) {
    const folder = join(app, module, kind)
    for (const script of scripts(folder)) {
      const path = join(folder, script)
      const file = relative(root, path).replace(/\.js$/, '.ts')
      loads(path)
      yield { file, module, name: basename(script, '.js'), exports: load(require, path, file) }
    }
  }
}

function load(require: NodeJS.Require, path: string, source: string): Record<string, unknown> {
  try {
    return require(path)
  } catch (error) {
    throw new SourceError(`${source} does not load: ${describeFault(error)}. Correct it and build again`, {
      cause: error,
    })
  }
}

function folders(path: string): string[] {
  if (!existsSync(path)) return []
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}

function scripts(path: string): string[] {
  if (!existsSync(path)) return []
  return readdirSync(path)
    .filter((name) => name.endsWith('.js'))
    .sort()
}
