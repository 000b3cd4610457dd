import type { DatabaseIntrospector, Dialect, DialectAdapter, Kysely, QueryCompiler } from 'kysely'
import type { Outage } from '../Log/Outage'
import { PooledDriver, QUERY_MS, type Source } from './Driver'
import { type Dsn, parseDsn } from './Dsn'
import { kysely } from './kysely'
import { mssqlDatabase } from './Mssql'
import { mysqlSource } from './Mysql'
import { postgresSource } from './Postgres'
import { PATIENCE_MS, sqliteSource } from './Sqlite'

/** An open database. */
export interface Database {
  /** Kysely's way to it; every Kysely that is made of it shares one pool. */
  readonly dialect: Dialect
  close(deadlineMs: number): Promise<void>
}

/** How long things may take, in milliseconds. */
export interface Patience {
  /** A statement; 0: for ever. */
  readonly queryMs: number
  /** Another process that writes, where it is SQLite. */
  readonly busyMs: number
}

/** That of an action, which must be answered in time. */
const SHORT: Patience = { queryMs: QUERY_MS, busyMs: PATIENCE_MS }

/** Nothing is connected before it is used. @throws TypeError for a wrong url, Error for a package that is missing */
export function openDatabase(url: string, outage: Outage, patience = SHORT): Database {
  const dsn = parseDsn(url)
  if (dsn.dialect === 'mssql') return mssqlDatabase(dsn, patience.queryMs)
  const driver = new PooledDriver(sourceOf(dsn, patience), outage, patience.queryMs)
  return {
    dialect: { ...kindOf(dsn.dialect), createDriver: () => driver },
    close: (deadlineMs) => driver.close(deadlineMs),
  }
}

function sourceOf(dsn: Exclude<Dsn, { dialect: 'mssql' }>, { busyMs }: Patience): Source {
  if (dsn.dialect === 'sqlite') return sqliteSource(dsn, busyMs)
  return dsn.dialect === 'mysql' ? mysqlSource(dsn) : postgresSource(dsn)
}

/** What Kysely knows of a kind of database, apart from how to reach it. */
function kindOf(name: 'sqlite' | 'mysql' | 'postgres'): Omit<Dialect, 'createDriver'> {
  const all = kysely()
  switch (name) {
    case 'sqlite':
      return kind(all.SqliteAdapter, all.SqliteQueryCompiler, all.SqliteIntrospector)
    case 'mysql':
      return kind(all.MysqlAdapter, all.MysqlQueryCompiler, all.MysqlIntrospector)
    case 'postgres':
      return kind(all.PostgresAdapter, all.PostgresQueryCompiler, all.PostgresIntrospector)
  }
}

function kind(
  Adapter: new () => DialectAdapter,
  Compiler: new () => QueryCompiler,
  Introspector: new (db: Kysely<unknown>) => DatabaseIntrospector,
): Omit<Dialect, 'createDriver'> {
  return {
    createAdapter: () => new Adapter(),
    createQueryCompiler: () => new Compiler(),
    createIntrospector: (db) => new Introspector(db),
  }
}
