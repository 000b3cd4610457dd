import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { QueryResult } from 'kysely'
import type { Raw, Source } from './Driver'
import { MEMORY, type SqliteDsn } from './Dsn'

/** What is used of libsql. */
interface Database {
  prepare(sql: string): Statement
  close(): void
}

interface Statement {
  /** Whether it has rows to give. */
  readonly reader: boolean
  all<Row>(parameters: readonly unknown[]): Row[]
  run(parameters: readonly unknown[]): { readonly changes: number; readonly lastInsertRowid: number | bigint }
}

type Constructor = new (file: string, options: { readonly timeout: number }) => Database

/** SQLite waits in this thread for another writer, so not for long; then we try again, and others have their turn. Milliseconds. */
const BUSY_MS = 10

/** For a writer in another process we wait so long in all. Milliseconds. */
export const PATIENCE_MS = 2000

/**
 * SQLite in this process. There is one connection: its calls do not wait for anything, so a second one would never have its turn
 * while the first one works.
 * @param patienceMs how long to wait for a writer in another process
 */
export function sqliteSource({ file }: SqliteDsn, patienceMs: number): Source {
  return {
    size: 1,
    embedded: true,
    open: () => open(file, patienceMs),
    // Else a transaction that has read could not write any more once another process has written.
    begin: () => ['begin immediate'],
  }
}

async function open(file: string, patienceMs: number): Promise<Raw> {
  const Database: Constructor = require('libsql')
  if (file !== MEMORY) create(file)
  const database = new Database(file, { timeout: BUSY_MS })
  let lost = false
  const destroy = () => {
    if (!lost) database.close()
    lost = true
  }
  const query = async <Row>(sql: string, parameters: readonly unknown[]): Promise<QueryResult<Row>> => {
    const values = parameters.map(toSqlite)
    try {
      const statement = await patiently(() => database.prepare(sql), patienceMs)
      // The same one again: libsql keeps one that met a writer half done, and with it no later transaction could be committed.
      return await patiently(() => execute(statement, values), patienceMs)
    } catch (error) {
      if (isBusy(error)) destroy()
      throw error
    }
  }
  // The first one writes, and two that open a new file at once are in each other's way.
  for (const pragma of ['journal_mode = wal', 'synchronous = normal', 'foreign_keys = on'])
    await query(`pragma ${pragma}`, [])
  return {
    get lost() {
      return lost
    },
    query,
    destroy,
    end: async () => destroy(),
  }
}

/**
 * Only its owner may read it; SQLite gives its other files the same mode. A file that is there is left alone: closing it would take
 * away every lock of this process on it, and another process that ends would then remove the log into which we go on writing.
 */
function create(file: string): void {
  if (existsSync(file)) return
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  closeSync(openSync(file, 'a', 0o600))
}

async function patiently<Result>(work: () => Result, patienceMs: number): Promise<Result> {
  const end = performance.now() + patienceMs
  for (;;) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || performance.now() > end) throw error
    }
    await pause(10)
  }
}

const isBusy = (error: unknown) =>
  error instanceof Error && 'code' in error && /^SQLITE_(?:BUSY|LOCKED)/.test(String(error.code))

function execute<Row>(statement: Statement, parameters: readonly unknown[]): QueryResult<Row> {
  if (statement.reader) {
    const rows = statement.all<Row>(parameters)
    for (const row of rows) fromSqlite(row)
    return { rows, numAffectedRows: BigInt(rows.length) }
  }
  const { changes, lastInsertRowid } = statement.run(parameters)
  return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
}

/** libsql ends the process for a boolean, takes whole numbers above 2^31 for fractions, and undefined for null. */
function toSqlite(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'bigint' && value !== BigInt.asIntN(64, value)) throw new RangeError(`${value} has over 64 bits`)
  if (value === null || typeof value === 'string' || typeof value === 'bigint' || Buffer.isBuffer(value)) return value
  throw new TypeError(`SQLite cannot store a value of the type ${typeof value}`)
}

/** Its blobs are ArrayBuffers, elsewhere they are Buffers. */
function fromSqlite(row: unknown): void {
  if (typeof row !== 'object' || row === null) return
  for (const [name, value] of Object.entries(row)) {
    if (value instanceof ArrayBuffer) Reflect.set(row, name, Buffer.from(value))
  }
}
