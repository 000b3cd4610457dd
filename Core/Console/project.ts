import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { openProject, type Project } from '../Project'

/** Where the framework itself is installed. */
const HOME = resolve(__dirname, '..', '..', '..')

export function frameworkVersion(): string {
  const { version }: { version: string } = JSON.parse(readFileSync(join(HOME, 'package.json'), 'utf8'))
  return version
}

/**
 * The project in the present folder; the sample that comes with the framework where there is none.
 * @throws ConfigError when it is not built, or cannot be used
 */
export function presentProject(): Project {
  const here = process.cwd()
  const isProject = ['dist/Config/app.js', 'Config/app.ts'].some((file) => existsSync(join(here, file)))
  return openProject(isProject ? here : HOME, process.env)
}
