import type { MssqlDialectConfig, TediousConnection } from 'kysely'
import type { ServerDsn } from './Dsn'
import { kysely } from './kysely'
import type { Database } from './Open'
import { extrasOf } from './Parameters'
import { CONNECT_MS } from './Pool'

type Tedious = Omit<MssqlDialectConfig['tedious'], 'connectionFactory'> & {
  readonly Connection: new (options: object) => TediousConnection
}

/**
 * SQL Server. Its driver and pool are Kysely's own choice, and bring their own bounds.
 * @param queryMs of a statement; 0: none
 * @throws Error that says what to install
 */
export function mssqlDatabase(dsn: ServerDsn, queryMs: number): Database {
  const tedious: Tedious = load('tedious')
  const { Pool }: { Pool: MssqlDialectConfig['tarn']['Pool'] } = load('tarn')
  const { host, port, user: userName, password, database, pool } = dsn
  const { ssl, options } = extrasOf(dsn)
  const security = { encrypt: true, trustServerCertificate: ssl?.rejectUnauthorized === false }
  const bounds = { connectTimeout: CONNECT_MS, requestTimeout: queryMs }
  const dialect = new (kysely().MssqlDialect)({
    tarn: { Pool, options: { min: 0, max: pool, acquireTimeoutMillis: CONNECT_MS, propagateCreateError: true } },
    tedious: {
      ...tedious,
      connectionFactory: () =>
        new tedious.Connection({
          server: host,
          authentication: { type: 'default', options: { userName, password } },
          options: { port, database, ...security, ...options, ...bounds, useUTC: true },
        }),
    },
  })
  const driver = dialect.createDriver()
  return {
    dialect: {
      createDriver: () => driver,
      createAdapter: () => dialect.createAdapter(),
      createQueryCompiler: () => dialect.createQueryCompiler(),
      createIntrospector: (db) => dialect.createIntrospector(db),
    },
    close: () => driver.destroy(),
  }
}

function load(name: 'tedious' | 'tarn') {
  try {
    return require(name)
  } catch (cause) {
    throw new Error('SQL Server wants two packages that are not installed: npm install tedious tarn', { cause })
  }
}
