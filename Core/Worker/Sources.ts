import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join, relative } from 'node:path'
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
  const require = createRequire(join(root, 'package.json'))
  const app = join(root, 'App')
  const sources: Source[] = []
  for (const module of folders(app)) {
    const folder = join(app, module, 'Controller')
    for (const file of scripts(folder)) {
      const path = join(folder, file)
      const name = basename(file, '.js')
      const source = relative(root, path).replace(/\.js$/, '.ts')
      loads(path)
      const exports = load(require, path, source)
      sources.push({ file: source, module, name, exported: exports[name] ?? exports.default })
    }
  }
  return sources
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
