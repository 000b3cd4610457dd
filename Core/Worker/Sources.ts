import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join, relative } from 'node:path'

/** A file of a controller, loaded. */
export interface Source {
  /** For people: relative to the project. */
  readonly file: string
  readonly module: string
  readonly name: string
  /** What the file exports under its own name, or as default. */
  readonly exported: unknown
}

/** A file under App/ that does not load; the message names it, and its stack the line. */
export class SourceError extends Error {
  override name = 'SourceError'
}

/**
 * Loads every App/<Module>/Controller/<Name>.js.
 * @param root the folder of the compiled project, which holds App/
 * @param loads told of each file before it is loaded
 * @throws SourceError for the first file that throws
 */
export function loadSources(root: string, loads: (file: string) => void): Source[] {
  const require = createRequire(join(root, 'package.json'))
  const app = join(root, 'App')
  const sources: Source[] = []
  for (const module of folders(app)) {
    const folder = join(app, module, 'Controller')
    for (const file of scripts(folder)) {
      const path = join(folder, file)
      const name = basename(file, '.js')
      loads(path)
      const exports = load(require, path)
      const exported = exports[name] ?? exports.default
      sources.push({ file: relative(root, path).replace(/\.js$/, '.ts'), module, name, exported })
    }
  }
  return sources
}

function load(require: NodeJS.Require, path: string): Record<string, unknown> {
  try {
    return require(path)
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
    throw new SourceError(`${path} does not load: ${what}`, { cause: error })
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
