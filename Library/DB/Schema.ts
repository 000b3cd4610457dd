import type { ColumnDataType, CreateTableBuilder, Expression, Kysely } from 'kysely'
import type { DialectName } from './Dsn'
import { kysely } from './kysely'

/** What a migration is given: Kysely, and what is spelled differently in each kind of database. */
export interface Schema {
  /** https://kysely.dev/docs/category/migrations; tables are called by their whole names. */
  readonly db: Kysely<unknown>
  /** The whole name of a table, with the prefix; also for the names of indices, which are those of the whole database. */
  readonly table: (name: string) => string
  /**
   * `create table`, with the prefix, a primary key that counts by itself (`id`, or as it is called), and texts that are compared letter by
   * letter and hold emoji. Add columns, then `execute()`.
   */
  readonly createTable: <Id extends string = 'id'>(name: string, id?: Id) => CreateTableBuilder<string, Id>
  /** The type of a text of up to so many characters, 1 to 16383; it can have an index (up to 768 on MySQL). */
  readonly string: (length: number) => ColumnDataType | Expression<unknown>
  /** The type of a text of any length (64 KiB on MySQL). */
  readonly text: ColumnDataType | Expression<unknown>
}

/** What a file `App/<Module>/Migration/<name>.ts` exports. */
export interface Migration {
  up(schema: Schema): Promise<unknown>
  /** Takes back what `up` did. */
  down?(schema: Schema): Promise<unknown>
}

export function schemaOf(db: Kysely<unknown>, dialect: DialectName, prefix: string): Schema {
  const { sql } = kysely()
  const table = (name: string) => prefix + name
  return {
    db,
    table,
    createTable: (name, id) => create(db.schema.createTable(table(name)), dialect, id),
    string: (length) => {
      if (!Number.isInteger(length) || length < 1 || length > 16_383) {
        throw new TypeError(`string(${length}): the length of a text is a whole number from 1 to 16383`)
      }
      return dialect === 'mssql' ? sql.raw(`nvarchar(${length})`) : `varchar(${length})`
    },
    text: dialect === 'mssql' ? sql.raw('nvarchar(max)') : 'text',
  }
}

function create<Id extends string>(
  builder: CreateTableBuilder<string>,
  dialect: DialectName,
  id?: Id,
): CreateTableBuilder<string, Id> {
  const { sql } = kysely()
  const name = id ?? 'id'
  switch (dialect) {
    case 'sqlite':
      return builder.addColumn(name, 'integer', (column) => column.primaryKey().autoIncrement())
    case 'mysql':
      return builder
        .addColumn(name, 'bigint', (column) => column.primaryKey().autoIncrement())
        .modifyEnd(sql`character set utf8mb4 collate utf8mb4_bin`)
    case 'postgres':
      return builder.addColumn(name, 'bigint', (column) => column.primaryKey().generatedByDefaultAsIdentity())
    case 'mssql':
      // An integer: what is called bigint comes as a text.
      return builder.addColumn(name, 'integer', (column) => column.primaryKey().identity())
  }
}
