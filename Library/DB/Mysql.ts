import type { QueryResult, TransactionSettings } from 'kysely'
import type { Raw, Source } from './Driver'
import type { ServerDsn } from './Dsn'
import { extrasOf } from './Parameters'
import { CONNECT_MS } from './Pool'

/** What is used of mysql2. */
interface Connection {
  connect(done: (error: Error | null) => void): void
  query(sql: string, done: Done): void
  execute(sql: string, parameters: readonly unknown[], done: Done): void
  on(event: 'error' | 'end', listener: () => void): void
  end(done: () => void): void
  destroy(): void
}

type Done = (error: Error | null, result: Result) => void
/** Rows, or what a statement without rows has done. */
type Result = readonly never[] | { readonly insertId: number | string; readonly affectedRows: number }

/** MySQL and MariaDB. */
export function mysqlSource(dsn: ServerDsn): Source {
  return { size: dsn.pool, embedded: false, open: () => open(dsn), begin }
}

async function open(dsn: ServerDsn): Promise<Raw> {
  const { createConnection }: { createConnection: (options: object) => Connection } = require('mysql2')
  const { host, port, user, password, database } = dsn
  const { ssl, options } = extrasOf(dsn)
  const connection = createConnection({
    timezone: 'Z',
    host,
    port,
    ...options,
    ...(ssl === undefined ? {} : { ssl }),
    user,
    password,
    database,
    charset: 'utf8mb4',
    // Numbers where they are exact, else texts.
    supportBigNumbers: true,
    connectTimeout: CONNECT_MS,
    // Each is kept by the server, too, which has room for 16,000 of all clients.
    maxPreparedStatements: 100,
  })
  let lost = false
  const lose = () => {
    lost = true
  }
  connection.on('error', lose)
  connection.on('end', lose)
  const destroy = () => {
    lost = true
    connection.destroy()
  }
  await new Promise<void>((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()))
  }).catch((error: unknown) => {
    destroy()
    throw error
  })
  return {
    get lost() {
      return lost
    },
    query: async (sql, parameters) => {
      const result = await new Promise<Result>((resolve, reject) => {
        const done: Done = (error, found) => {
          if (error === null) return resolve(found)
          if ('fatal' in error && error.fatal === true) lost = true
          reject(error)
        }
        // Where there are values, as a prepared statement: `query` would write them into the text.
        if (parameters.length === 0) connection.query(sql, done)
        else connection.execute(sql, parameters, done)
      })
      return resultOf(result)
    },
    destroy,
    end: () => new Promise((resolve) => connection.end(resolve)),
  }
}

function resultOf<Row>(result: Result): QueryResult<Row> {
  if (!('affectedRows' in result)) return { rows: [...result] }
  const { insertId, affectedRows } = result
  return { rows: [], insertId: BigInt(insertId), numAffectedRows: BigInt(affectedRows) }
}

function begin({ isolationLevel, accessMode }: TransactionSettings): string[] {
  const level = isolationLevel === undefined ? [] : [`set transaction isolation level ${isolationLevel}`]
  return [...level, `start transaction ${accessMode ?? ''}`.trim()]
}
