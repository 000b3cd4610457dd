/** Where a database is. */
export interface DbConnection {
  /** `mysql://user:password@host:3306/database?pool=10#utf8mb4`, `postgres://...`, `sqlite:path`, `:memory:` ... */
  readonly url: string
  /** In front of the names of the tables of models and migrations. */
  readonly prefix?: string
}

/** How databases are spoken to. */
export type DialectName = 'sqlite' | 'mysql' | 'postgres' | 'mssql'

/** A database on a server. */
export interface ServerDsn {
  readonly dialect: Exclude<DialectName, 'sqlite'>
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** Connections that a process opens at most. */
  readonly pool: number
  /** Those of the driver. */
  readonly parameters: Readonly<Record<string, string>>
}

export interface SqliteDsn {
  readonly dialect: 'sqlite'
  /** A path, or `:memory:`. */
  readonly file: string
}

export type Dsn = ServerDsn | SqliteDsn

const SERVERS: Readonly<Record<string, { readonly dialect: ServerDsn['dialect']; readonly port: number }>> = {
  mysql: { dialect: 'mysql', port: 3306 },
  mariadb: { dialect: 'mysql', port: 3306 },
  postgres: { dialect: 'postgres', port: 5432 },
  postgresql: { dialect: 'postgres', port: 5432 },
  mssql: { dialect: 'mssql', port: 1433 },
  sqlserver: { dialect: 'mssql', port: 1433 },
}

/** A database in the memory of the process. */
export const MEMORY = ':memory:'
const UTF8 = /^(?:#utf-?8(?:mb4)?)?$/i
const POOL = 10
const LARGEST_POOL = 1000

/** What a url may be, for people. */
export const FORMS =
  'mysql://host:3306/database?pool=10#utf8mb4, with user:password@ before the host (and @ : / ? # % in them percent-encoded), mariadb://, postgres://, postgresql://, mssql:// or sqlserver:// alike, sqlite:path, file:path, or :memory:'

/**
 * Reads the url of a database.
 * @throws TypeError that says what it may be, and never what it was: it may hold a password
 */
export function parseDsn(url: string): Dsn {
  if (url === MEMORY) return { dialect: 'sqlite', file: MEMORY }
  const [, scheme = '', rest = ''] = /^([a-z]+):(.*)$/is.exec(url) ?? []
  if (/^(?:sqlite|file)$/i.test(scheme)) return sqlite(rest)
  const server = Object.hasOwn(SERVERS, scheme.toLowerCase()) ? SERVERS[scheme.toLowerCase()] : undefined
  if (server === undefined || !rest.startsWith('//')) throw wrong('it must be')
  return { dialect: server.dialect, ...partsOf(url, server.port) }
}

/** `sqlite:a/b`, `sqlite:/a/b`, `sqlite:///a/b` */
function sqlite(rest: string): SqliteDsn {
  const file = rest.startsWith('///') ? rest.slice(2) : rest
  if (file === '' || file.startsWith('//') || /[?#\0]/.test(file)) {
    throw wrong('behind sqlite: stands the path of a file, without ? and #; it must be')
  }
  return { dialect: 'sqlite', file }
}

function partsOf(url: string, port: number): Omit<ServerDsn, 'dialect'> {
  const parsed = parse(url)
  const { pool = String(POOL), ...parameters } = Object.fromEntries(parsed.searchParams)
  if (!/^[1-9]\d*$/.test(pool) || Number(pool) > LARGEST_POOL) {
    throw wrong(`its pool must be a whole number of connections from 1 to ${LARGEST_POOL}; it must be`)
  }
  const host = decode(parsed.hostname).replace(/^\[|\]$/g, '')
  if (host === '') throw wrong('it must be')
  // Any other could not hold what people write, and its quoting is not that of UTF-8.
  if (!UTF8.test(parsed.hash)) throw wrong('its charset is utf8 or utf8mb4, which are the same here; it must be')
  return {
    host,
    port: parsed.port === '' ? port : Number(parsed.port),
    user: decode(parsed.username),
    password: decode(parsed.password),
    database: decode(parsed.pathname.slice(1)),
    pool: Number(pool),
    parameters,
  }
}

/**
 * Checks a connection, so that a wrong one stops the start.
 * @returns what kind of database it is
 * @throws TypeError that names the option and never the password
 */
export function checkDatabase(name: string, { url }: DbConnection): DialectName {
  try {
    return parseDsn(url).dialect
  } catch (error) {
    throw new TypeError(`db.${name}.url: ${error instanceof Error ? error.message : error}`)
  }
}

function parse(url: string): URL {
  try {
    return new URL(url)
  } catch {
    // Its error shows the whole url.
    throw wrong('it must be')
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong('a % that stands for itself is written %25; it must be')
  }
}

const wrong = (what: string) => new TypeError(`${what} ${FORMS}`)
