import type { CompiledQuery, DatabaseConnection, Driver, QueryCompiler, QueryResult, TransactionSettings } from 'kysely'
import { type Outage, reasonOf } from '../Log/Outage'
import { DatabaseAway, isDatabaseAway } from './DatabaseAway'
import { kysely } from './kysely'
import { IDLE_MS, Pool, type Pooled } from './Pool'

/** How long a statement may take. Milliseconds. */
export const QUERY_MS = 5000

/** A connection of a driver. */
export interface Raw extends Pooled {
  query<Row>(sql: string, parameters: readonly unknown[]): Promise<QueryResult<Row>>
}

/** What is different in each kind of database. */
export interface Source {
  /** Connects, or fails within `CONNECT_MS`. */
  open(): Promise<Raw>
  /** Connections that are opened at most. */
  readonly size: number
  /** It is in this process: its connection is never given up, since what is in memory goes with it. */
  readonly embedded: boolean
  /** The statements that begin a transaction. */
  begin(settings: TransactionSettings): readonly string[]
}

/** Kysely's way to a database: by a pool of ours, with a bound on everything that could take long. */
export class PooledDriver implements Driver {
  readonly #source: Source
  readonly #outage: Outage
  readonly #queryMs: number
  readonly #pool: Pool<Raw>
  readonly #connections = new WeakMap<DatabaseConnection, Raw>()

  /** @param queryMs after which a statement is given up, and its connection with it; 0: never, for migrations */
  constructor(source: Source, outage: Outage, queryMs: number) {
    this.#source = source
    this.#outage = outage
    this.#queryMs = queryMs
    this.#pool = new Pool({
      open: () => source.open(),
      size: source.size,
      idleMs: source.embedded ? Number.POSITIVE_INFINITY : IDLE_MS,
      unreachable: (error) => outage.away(reasonOf(error)),
    })
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const raw = await this.#pool.acquire()
    const connection: DatabaseConnection = {
      executeQuery: ({ sql, parameters }: CompiledQuery) => this.#run(raw, sql, parameters),
      async *streamQuery() {
        yield* [] // a generator, as its type wants it
        throw new Error('streams of rows are not supported here; read page by page')
      },
    }
    this.#connections.set(connection, raw)
    return connection
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    this.#pool.release(this.#rawOf(connection))
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    for (const sql of this.#source.begin(settings)) await this.#run(this.#rawOf(connection), sql, [])
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#run(this.#rawOf(connection), 'commit', [])
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    const raw = this.#rawOf(connection)
    // With its connection the transaction has gone as well; what ended them is the error that people want to see.
    if (!raw.lost) await this.#run(raw, 'rollback', [])
  }

  async savepoint(on: DatabaseConnection, name: string, compile: QueryCompiler['compileQuery']): Promise<void> {
    await on.executeQuery(point('savepoint', name, compile))
  }

  async rollbackToSavepoint(on: DatabaseConnection, name: string, compile: QueryCompiler['compileQuery']) {
    await on.executeQuery(point('rollback to savepoint', name, compile))
  }

  async releaseSavepoint(on: DatabaseConnection, name: string, compile: QueryCompiler['compileQuery']): Promise<void> {
    await on.executeQuery(point('release savepoint', name, compile))
  }

  /** The pool is shared by every Kysely of this database, so none of them ends it. */
  async destroy(): Promise<void> {}

  /** Those who use a connection may go on for so many milliseconds. */
  close(deadlineMs: number): Promise<void> {
    return this.#pool.close(deadlineMs)
  }

  #rawOf(connection: DatabaseConnection): Raw {
    const raw = this.#connections.get(connection)
    if (raw === undefined) throw new Error('a connection of another database')
    return raw
  }

  async #run<Row>(raw: Raw, sql: string, parameters: readonly unknown[]): Promise<QueryResult<Row>> {
    if (raw.lost) throw new DatabaseAway('the connection was lost')
    try {
      const result = await this.#within(raw, raw.query<Row>(sql, parameters))
      this.#outage.back()
      return result
    } catch (error) {
      if (!raw.lost && !isDatabaseAway(error)) throw error
      if (!this.#source.embedded) this.#distrust(raw)
      this.#outage.away(reasonOf(error))
      if (error instanceof DatabaseAway) throw error
      throw new DatabaseAway(`the database went away: ${reasonOf(error)}`, { cause: error })
    }
  }

  /** The server is away, or not any more the one that takes writes: its other connections are no better. */
  #distrust(raw: Raw): void {
    raw.destroy()
    this.#pool.clear()
  }

  /** A connection that waits for an answer can take no other statement, so it ends. */
  #within<Result>(raw: Raw, work: Promise<Result>): Promise<Result> {
    const ms = this.#queryMs
    if (ms === 0) return work
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new DatabaseAway(`the database did not answer within ${ms} ms`))
        raw.destroy()
      }, ms)
      work.then(resolve, reject).finally(() => clearTimeout(late))
    })
  }
}

function point(what: string, name: string, compile: QueryCompiler['compileQuery']): CompiledQuery {
  const { createQueryId, IdentifierNode, RawNode } = kysely()
  // As an identifier the name is quoted.
  return compile(
    RawNode.createWithChildren([RawNode.createWithSql(`${what} `), IdentifierNode.create(name)]),
    createQueryId(),
  )
}
