import type { QueryResult, TransactionSettings } from 'kysely'
import type { Raw, Source } from './Driver'
import type { ServerDsn } from './Dsn'
import { extrasOf } from './Parameters'
import { CONNECT_MS } from './Pool'

/** What is used of pg. */
interface Pg {
  readonly Client: new (options: object) => Client
  readonly types: { getTypeParser(oid: number, format?: string): (text: string) => unknown }
}

interface Client {
  connect(): Promise<unknown>
  query<Row>(sql: string, parameters: readonly unknown[]): Promise<Result<Row>>
  on(event: 'error' | 'end', listener: () => void): void
  end(): Promise<void>
  readonly connection: { readonly stream: { destroy(): void } }
}

interface Result<Row> {
  readonly command: string
  readonly rowCount: number | null
  readonly rows: Row[]
}

/** The type bigint, which `count(*)` has as well. */
const INT8 = 20

const WRITES = ['INSERT', 'UPDATE', 'DELETE', 'MERGE']

export function postgresSource(dsn: ServerDsn): Source {
  return { size: dsn.pool, embedded: false, open: () => open(dsn), begin }
}

async function open(dsn: ServerDsn): Promise<Raw> {
  const { Client, types }: Pg = require('pg')
  const { host, port, user, password, database } = dsn
  const { ssl, options } = extrasOf(dsn)
  const client = new Client({
    host,
    ...options,
    ...(ssl === undefined ? {} : { ssl }),
    port,
    user,
    password,
    database,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_MS,
    types: {
      getTypeParser: (oid: number, format?: string) => (oid === INT8 ? int8 : types.getTypeParser(oid, format)),
    },
  })
  let lost = false
  const lose = () => {
    lost = true
  }
  client.on('error', lose)
  client.on('end', lose)
  const destroy = () => {
    lost = true
    client.connection.stream.destroy()
  }
  await client.connect().catch((error: unknown) => {
    destroy()
    throw error
  })
  return {
    get lost() {
      return lost
    },
    query: async (sql, parameters) => resultOf(await client.query(sql, [...parameters])),
    destroy,
    end: () => client.end(),
  }
}

/** A number where it is exact, else a text. */
function int8(text: string): number | string {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : text
}

function resultOf<Row>({ command, rowCount, rows }: Result<Row>): QueryResult<Row> {
  return WRITES.includes(command) ? { rows, numAffectedRows: BigInt(rowCount ?? 0) } : { rows }
}

function begin({ isolationLevel, accessMode }: TransactionSettings): string[] {
  const level = isolationLevel === undefined ? '' : ` isolation level ${isolationLevel}`
  return [`start transaction${level} ${accessMode ?? ''}`.trim()]
}
