import { join } from 'node:path'
import { checkApp } from '../../Library/Config/Config'
import type { AppConfig, AppOptions } from '../../Library/Config/Schema'
import { loadSources, type Source } from '../Base/Base'
import { openProject } from '../Project'
import { isObject } from '../Wire/Protocol'

/** A class of controllers. */
export type ControllerClass = new (...args: never[]) => object

export interface StartOptions {
  /** By module the controllers of the app: `{ Room: { Room } }`. Without, those of the compiled project in `folder`. */
  readonly modules?: Readonly<Record<string, Readonly<Record<string, ControllerClass>>>>
  /** Of the project, whose `dist/` and `Config/` are taken where there are no `modules`. Default: the working folder. */
  readonly folder?: string
  /** Options of Config/app.ts; they go before those of the project. The environment does not count. */
  readonly config?: AppOptions
  /** A Redis to use, `redis://...`. Default: a store in the memory of this process. */
  readonly redis?: string
  /** Listens on a free port of 127.0.0.1, too, for clients with a real WebSocket. */
  readonly port?: boolean
  /** Does not print the errors that the server logs. */
  readonly quiet?: boolean
}

/** What an app is started with. */
export interface Setup {
  readonly folder: string
  readonly config: AppConfig
  readonly sources: readonly Source[]
  readonly prefix: string
}

/**
 * Reads what is to be started. The environment has no say, so that a test does the same everywhere.
 * @throws ConfigError, SourceError
 */
export function readSetup({ modules, folder = process.cwd(), config = {} }: StartOptions): Setup {
  if (modules) return { folder, config: own(checkApp(config, {})), sources: sourcesOf(modules), prefix: '' }
  const project = openProject(folder, {})
  const merged = checkApp(merge(project.config, config), {})
  return { folder, config: own(merged), sources: loadSources(project.root), prefix: project.cache.master.prefix }
}

/** One process, and ports that are nobody's yet. */
function own(config: AppConfig): AppConfig {
  const ports = Object.entries(config.outside).map(([name, { auth }]) => [name, { host: '127.0.0.1', port: 0, auth }])
  return { ...config, setting: { ...config.setting, mode: 'base' }, outside: Object.fromEntries(ports) }
}

function sourcesOf(modules: NonNullable<StartOptions['modules']>): Source[] {
  return Object.entries(modules).flatMap(([module, controllers]) =>
    Object.entries(controllers).map(([name, exported]) => {
      return { file: `${join('App', module, 'Controller', name)}.ts`, module, name, exported }
    }),
  )
}

/** Lays options over options; a list takes the place of a list. */
function merge(under: object, over: object): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...under }
  for (const [name, value] of Object.entries(over)) {
    const below = merged[name]
    merged[name] = isObject(value) && isObject(below) ? merge(below, value) : value
  }
  return merged
}
