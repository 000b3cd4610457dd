import type { Kysely, Sql } from 'kysely'
import { Outage } from '../Log/Outage'
import { DatabaseAway } from './DatabaseAway'
import { checkDatabase, type DbConnection, type DialectName, MEMORY } from './Dsn'
import { kysely } from './kysely'
import { type Database, openDatabase, type Patience } from './Open'

export { DatabaseAway, isDatabaseAway } from './DatabaseAway'

type Connection = Required<DbConnection> & { readonly dialect: DialectName }

/**
 * The databases of a process, by the name of their connection in Config/db.ts: one pool each, opened at its first use.
 *
 * No call waits long: connecting, and waiting for a free connection, end after 2 s at the latest, a statement after 5 s, always with
 * an error that `isDatabaseAway` knows. What failed is forgotten, so a database that is back is used again.
 */
class Databases {
  readonly #connections = new Map<string, Connection>()
  readonly #open = new Map<string, Database>()
  #closed = false
  #closing: Promise<unknown> = Promise.resolve()

  /**
   * Says where the databases are; nothing is connected yet. Replaces what was configured before.
   * @throws TypeError for a connection that cannot be right, Error while databases are open
   */
  configure(connections: Readonly<Record<string, DbConnection>>): void {
    if (this.#open.size > 0) throw new Error('db: close() comes before another configure(), databases are open')
    const checked = Object.entries(connections).map(([name, { url, prefix = '' }]) => {
      return [name, { url, prefix, dialect: checkDatabase(name, { url }) }] as const
    })
    this.#connections.clear()
    for (const [name, connection] of checked) this.#connections.set(name, connection)
    this.#closed = false
  }

  /**
   * The database of a connection, as Kysely has it: https://kysely.dev. The names of tables are what they are, without the prefix.
   * @typeParam Tables by its name what is in a row of each table
   * @throws Error for a name that is not configured, DatabaseAway after `close`
   */
  get<Tables>(name = 'master'): Kysely<Tables> {
    const { Kysely } = kysely()
    return new Kysely({ dialect: this.#database(name).dialect })
  }

  /** Kysely's `sql`: SQL as a template, in which every value is bound. */
  get sql(): Sql {
    return kysely().sql
  }

  /** What kind of database it is. @throws as `get` */
  dialect(name = 'master'): DialectName {
    return this.#connection(name).dialect
  }

  /** What stands in front of the names of its tables. @throws as `get` */
  prefix(name = 'master'): string {
    return this.#connection(name).prefix
  }

  /**
   * Ends the pools: who uses a connection may go on for `deadlineMs` milliseconds. Afterwards `get` throws until the next
   * `configure`. May be called again and at any time; never rejects.
   */
  async close(deadlineMs = 500): Promise<void> {
    this.#closed = true
    const open = [...this.#open.values()]
    this.#open.clear()
    this.#closing = Promise.all([this.#closing, ...open.map((database) => database.close(deadlineMs).catch(() => {}))])
    await this.#closing
  }

  /**
   * Lets `work` use connections of its own, with other bounds: for migrations.
   * @throws as `get`, and what `work` throws
   */
  async apart<Result>(
    name: string,
    patience: Patience,
    work: (db: Kysely<unknown>) => Promise<Result>,
  ): Promise<Result> {
    const { url } = this.#connection(name)
    // What is in memory is there but once.
    if (url === MEMORY) return await work(this.get(name))
    const { Kysely } = kysely()
    const { dialect, close } = openDatabase(url, outageOf(name), patience)
    try {
      return await work(new Kysely({ dialect }))
    } finally {
      await close(500)
    }
  }

  #database(name: string): Database {
    const connection = this.#connection(name)
    const open = this.#open.get(name) ?? openDatabase(connection.url, outageOf(name))
    this.#open.set(name, open)
    return open
  }

  #connection(name: string): Connection {
    if (this.#closed) throw new DatabaseAway(`the database "${name}" was closed`)
    const connection = this.#connections.get(name)
    if (connection) return connection
    const names = [...this.#connections.keys()].join(', ')
    throw new Error(`db: there is no connection "${name}", configured are: ${names || 'none'}`)
  }
}

const outageOf = (name: string) => new Outage('a database', { database: name })

/** The databases of this process. */
export const DB = new Databases()
