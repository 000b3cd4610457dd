import { join } from 'node:path'
import { checkApp, checkDb } from '../../Library/Config/Config'
import type { AppConfig, AppOptions } from '../../Library/Config/Schema'
import { type DbConnection, MEMORY } from '../../Library/DB/Dsn'
import type { NamedMigration } from '../../Library/DB/Migrations'
import type { Migration } from '../../Library/DB/Schema'
import { loadMigrations, loadSources, type Source } from '../Base/Base'
import { openProject, readDb } from '../Project'
import { isObject } from '../Wire/Protocol'

/** A class of controllers. */
export type ControllerClass = new (...args: never[]) => object

export interface StartOptions {
  /** By module the controllers of the app: `{ Room: { Room } }`. Without, those of the compiled project in `folder`. */
  readonly modules?: Readonly<Record<string, Readonly<Record<string, ControllerClass>>>>
  /** The migrations of these modules, by `<Module>/<name>`: `{ 'Room/0001_rooms': migration }` of `import * as migration`. */
  readonly migrations?: Readonly<Record<string, Migration>>
  /** Of the project, whose `dist/` and `Config/` are taken where there are no `modules`. Default: the working folder. */
  readonly folder?: string
  /** Options of Config/app.ts; they go before those of the project. The environment does not count. */
  readonly config?: AppOptions
  /** A Redis to use, `redis://...`. Default: a store in the memory of this process. */
  readonly redis?: string
  /** A database to use, `mysql://...`; with several connections, for each. Default: a SQLite in the memory of this process. */
  readonly db?: string
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
  readonly migrations: readonly NamedMigration[]
  /** By the names of their connections. */
  readonly databases: Readonly<Record<string, DbConnection>>
  readonly prefix: string
}

/**
 * Reads what is to be started. The environment has no say, so that a test does the same everywhere.
 * @throws ConfigError, SourceError
 */
export function readSetup(options: StartOptions): Setup {
  const { modules, migrations = {}, folder = process.cwd(), config = {}, db = MEMORY } = options
  const given = Object.entries(migrations).map(([name, migration]) => ({ name, file: fileOf(name), migration }))
  if (modules) {
    const databases = checkDb({}, { DB_URL: db })
    return {
      folder,
      config: own(checkApp(config, {})),
      sources: sourcesOf(modules),
      migrations: given,
      databases,
      prefix: '',
    }
  }
  const project = openProject(folder, {})
  const merged = checkApp(merge(project.config, config), {})
  return {
    folder,
    config: own(merged),
    sources: loadSources(project.root),
    migrations: [...loadMigrations(project.root), ...given],
    databases: readDb(project, { DB_URL: db }),
    prefix: project.cache.master.prefix,
  }
}

/** `Room/0001_rooms` */
const fileOf = (name: string) => `App/${name.replace('/', '/Migration/')}.ts`

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
