import { inspect } from 'node:util'
import * as v from 'valibot'
import { type CacheConnection, checkConnection } from '../Cache/Options'
import { checkDatabase } from '../DB/Dsn'
import { ConfigError } from './ConfigError'
import { type Environment, type Origins, override, type Tree } from './Environment'
import {
  type AppConfig,
  type AppOptions,
  appSchema,
  type CacheConfig,
  type CacheOptions,
  cacheSchema,
  type DbConfig,
  type DbOptions,
  dbSchema,
  SAMPLE_KEY,
} from './Schema'

/** Gives the options of Config/app.ts their type. */
export const defineConfig = (options: AppOptions): AppOptions => options

/** Gives the options of Config/cache.ts their type. */
export const defineCache = (options: CacheOptions): CacheOptions => options

/** Gives the options of Config/db.ts their type. */
export const defineDb = (options: DbOptions): DbOptions => options

/**
 * Checks the options of Config/app.ts, with the environment laid over them, and fills in the defaults.
 * @throws ConfigError that names every wrong option
 */
export function checkApp(options: AppOptions, environment: Environment): AppConfig {
  const { tree, from } = override(options, environment)
  const config = check(appSchema, tree, 'Config/app.ts', from)
  if (environment.NODE_ENV === 'production' && config.auth.key.includes(SAMPLE_KEY)) {
    throw new ConfigError(
      `auth.key is the sample key "${SAMPLE_KEY}", which everybody knows; in production set auth.key or APP_AUTH_KEY to one of your own`,
    )
  }
  const { host, token } = config.manager
  if (token === '' && !/^(?:127\.|::1$|localhost$)/.test(host)) {
    throw new ConfigError(
      `manager.host is ${host}, which other machines reach: set APP_MANAGER_TOKEN to a secret of your own, or leave it at 127.0.0.1`,
    )
  }
  return freeze(config)
}

/**
 * Checks the options of Config/cache.ts; `REDIS_URL` takes the place of every url.
 * @throws ConfigError that names every wrong option
 */
export function checkCache(options: CacheOptions, environment: Environment): CacheConfig {
  const config = check(cacheSchema, { ...options }, 'Config/cache.ts', new Map())
  const url = environment.REDIS_URL
  for (const [name, connection] of Object.entries(config)) {
    if (url) connection.url = url
    if (connection.url === '') continue
    checkPlace(name, { url: connection.url }, url ? 'REDIS_URL' : 'Config/cache.ts')
    checkPlace(name, connection, 'Config/cache.ts')
  }
  return freeze(config)
}

/**
 * Checks the options of Config/db.ts; `DB_URL` takes the place of every url.
 * @throws ConfigError that names every wrong option
 */
export function checkDb(options: DbOptions, environment: Environment): DbConfig {
  const config = check(dbSchema, { master: {}, ...options }, 'Config/db.ts', new Map())
  const url = environment.DB_URL
  for (const [name, connection] of Object.entries(config)) {
    if (url) connection.url = url
    if (connection.url !== '') checked(url ? 'DB_URL' : 'Config/db.ts', () => checkDatabase(name, connection))
  }
  return freeze(config)
}

/** What is wrong with where a Redis is; never the address itself, which may hold a password. */
function checkPlace(name: string, connection: CacheConnection, from: string): void {
  checked(from, () => checkConnection(name, connection))
}

function checked(from: string, check: () => void): void {
  try {
    check()
  } catch (error) {
    throw new ConfigError(`${from}: ${error instanceof Error ? error.message : error}`)
  }
}

function check<Schema extends v.GenericSchema>(
  schema: Schema,
  tree: Tree,
  file: string,
  from: Origins,
): v.InferOutput<Schema> {
  // A list would pass for an object without options.
  const result = v.safeParse(schema, Array.isArray(tree) ? undefined : tree, { abortPipeEarly: true })
  if (result.success) return result.output
  throw new ConfigError(result.issues.map((issue) => explain(issue, tree, file, from)).join('\n'))
}

function explain(issue: v.BaseIssue<unknown>, tree: Tree, file: string, from: Origins): string {
  const path = (issue.path ?? []).map(({ key }) => String(key))
  if (issue.expected === 'never') {
    const names = issue.message.split(',').map((name) => [...path.slice(0, -1), name].join('.'))
    return `${file}: ${names.join(', ')} ${names.length === 1 ? 'is not an option' : 'are not options'}`
  }
  const option = path.join('.')
  // The value of a list stands under the list's name in the environment.
  const origin = from.get(option) ?? from.get(path.slice(0, -1).join('.'))
  const where = origin ? `${origin.name} (${option})` : `${file}: ${option || 'the default export'}`
  if (issue.type === 'regex' && issue.path?.at(-1)?.origin === 'key') {
    return `${where} has a name that cannot be; ${issue.message}`
  }
  const got = show(path.reduce<unknown>(below, tree), option)
  return `${where} is ${got}, it may be ${(origin?.kind === 'flag' && '1 or 0') || issue.message}`
}

/** Options whose value is nobody's business but the file's. */
const SECRET = /^(?:auth\.key|manager\.token)\b/

function show(value: unknown, option: string): string {
  if (value === undefined) return 'nothing'
  if (typeof value !== 'string')
    return SECRET.test(option) ? `of the type ${typeof value}` : inspect(value, { depth: 1 })
  return SECRET.test(option) && value !== '' ? 'a text' : JSON.stringify(value)
}

function below(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const item of Object.values(value)) freeze(item)
  }
  return value
}
