import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { openProject, type Project } from '../Project'

/** Where the framework itself is installed. */
const HOME = resolve(__dirname, '..', '..', '..')

export function frameworkVersion(): string {
  const { version }: { version: string } = JSON.parse(readFileSync(join(HOME, 'package.json'), 'utf8'))
  return version
}

/** The present folder, if there is a project in it; else that of the sample that comes with the framework. */
export function presentFolder(): string {
  const here = process.cwd()
  return ['dist/Config/app.js', 'Config/app.ts'].some((file) => existsSync(join(here, file))) ? here : HOME
}

/**
 * The project in the present folder; the sample that comes with the framework where there is none.
 * @throws ConfigError when it is not built, or cannot be used
 */
export const presentProject = (): Project => openProject(presentFolder(), process.env)

/** Whether the project has the module that the pages of the wall talk to. */
export const hasWall = ({ root }: Project) => existsSync(join(root, 'App', 'Live', 'Controller', 'Wall.js'))
