import { existsSync, type FSWatcher, readdirSync, statSync, watch } from 'node:fs'
import { join } from 'node:path'

/** How long after a change nothing more must change, in milliseconds: an editor writes a file in several steps. */
const CALM_MS = 50

const SOURCE = /^[^.].*\.(?:[cm]?ts|json)$/

/** Folders in which nobody writes sources, besides those that begin with a dot. */
const OTHERS = ['node_modules', 'dist']

/** The sources of a project: tells when they change. One watch a folder: a recursive one misses what comes in new folders. */
export class Sources {
  readonly #watches = new Map<string, FSWatcher>()
  /** What has changed and was not yet told. */
  readonly #touched = new Set<string>()
  /** A folder of another kind: what is written at run time. */
  readonly #runtime: string
  #calm: NodeJS.Timeout | undefined
  #tell = () => {}

  constructor(folder: string, runtime: string) {
    this.#runtime = runtime
    this.#add(folder)
  }

  /** Resolves when something has changed since the last time. @returns whether sources have gone */
  async changed(): Promise<{ gone: boolean }> {
    if (this.#touched.size === 0 || this.#calm !== undefined) {
      await new Promise<void>((resolve) => {
        this.#tell = resolve
      })
    }
    const gone = [...this.#touched].some((path) => !existsSync(path))
    this.#touched.clear()
    return { gone }
  }

  #add(folder: string): void {
    const watcher = watch(folder, (_, name) => name !== null && this.#touch(folder, name))
    watcher.on('error', () => this.#drop(folder)) // the folder has gone
    this.#watches.set(folder, watcher)
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) this.#enter(folder, entry.name)
    }
  }

  #enter(folder: string, name: string): void {
    const path = join(folder, name)
    const isOther = name.startsWith('.') || OTHERS.includes(name) || path === this.#runtime
    if (!isOther && !this.#watches.has(path)) this.#add(path)
  }

  #drop(folder: string): void {
    this.#watches.get(folder)?.close()
    this.#watches.delete(folder)
  }

  #touch(folder: string, name: string): void {
    const path = join(folder, name)
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
    if (isFolder) this.#enter(folder, name)
    else if (this.#watches.has(path)) this.#drop(path)
    else if (!SOURCE.test(name)) return
    if (isFolder && !this.#watches.has(path)) return
    this.#touched.add(path)
    clearTimeout(this.#calm)
    this.#calm = setTimeout(() => {
      this.#calm = undefined
      this.#tell()
    }, CALM_MS)
  }
}
