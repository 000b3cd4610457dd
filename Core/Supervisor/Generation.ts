import { cpSync, existsSync, mkdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import type { Project } from '../Project'

/** Where this framework is installed. */
const HOME = resolve(__dirname, '..', '..', '..')

const KERNEL = ['Core', 'Library'].map((folder) => join(HOME, 'dist', folder) + sep)

/**
 * The code as it was when a reload was prepared (rule 17): a copy, so that a worker that is started later in the same generation
 * runs the same, whatever has become of dist/ since.
 */
export class Generation {
  readonly number: number
  /** The copy, and what it is a copy of. */
  readonly copy: { readonly folder: string; readonly of: string }
  /** The compiled code in the copy, which holds App/ and Config/. */
  readonly root: string

  private constructor(number: number, folder: string, of: string) {
    this.number = number
    this.copy = { folder, of }
    this.root = join(folder, 'dist')
  }

  /** Where the project is the framework's own, its kernel is a part of the generation as well. */
  get holdsKernel(): boolean {
    return existsSync(join(this.root, 'Core'))
  }

  /** @returns the file that a process of this generation runs */
  entryOf(process: 'Gateway' | 'Worker'): string {
    return join(this.holdsKernel ? this.root : join(HOME, 'dist'), 'Core', process, 'main.js')
  }

  /** Takes a copy of the project's code as it is now. @throws Error when it cannot be copied */
  static take(project: Project, number: number): Generation {
    const copy = join(project.runtime, 'generations', String(number))
    rmSync(copy, { recursive: true, force: true })
    mkdirSync(copy, { recursive: true })
    try {
      fill(copy, project)
    } catch (error) {
      rmSync(copy, { recursive: true, force: true })
      throw error
    }
    // Stacks name files by their real path.
    return new Generation(number, realpathSync(copy), project.folder)
  }

  /** Removes what an earlier run has left. */
  static clear({ runtime }: Project): void {
    rmSync(join(runtime, 'generations'), { recursive: true, force: true })
  }

  /** @returns a text that speaks of the project's own files where it spoke of the copy's */
  original(text: string): string {
    return text.replaceAll(this.copy.folder, this.copy.of)
  }

  /** Nobody runs it any more. */
  drop(): void {
    rmSync(this.copy.folder, { recursive: true, force: true })
  }
}

/** Not what only compilers read, nor the maps of the framework's own code, which is loaded without them. */
function isRead(file: string): boolean {
  return !file.endsWith('.d.ts') && !(file.endsWith('.map') && KERNEL.some((folder) => file.startsWith(folder)))
}

function fill(copy: string, { folder, root }: Project): void {
  cpSync(root, join(copy, 'dist'), { recursive: true, filter: isRead })
  const description = join(folder, 'package.json')
  if (existsSync(description)) cpSync(description, join(copy, 'package.json'))
  const modules = findUp(folder, 'node_modules')
  if (modules) symlinkSync(modules, join(copy, 'node_modules'))
  // The framework by its name, for a project that does not have it among its modules.
  linkHome(join(copy, '..', 'node_modules'))
}

function linkHome(modules: string): void {
  const link = join(modules, 'mswoole-ts')
  if (existsSync(link)) return
  mkdirSync(modules, { recursive: true })
  symlinkSync(HOME, link)
}

function findUp(folder: string, name: string): string | undefined {
  const here = join(folder, name)
  if (existsSync(here)) return here
  const above = dirname(folder)
  return above === folder ? undefined : findUp(above, name)
}
