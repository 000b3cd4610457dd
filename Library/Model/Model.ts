import type { Compilable, Insertable, Kysely, Selectable, Transaction, Updateable } from 'kysely'
import { DB } from '../DB/DB'
import { prefixPlugin } from './Prefix'
import { columnOf, type Value, valuesOf } from './Values'
import { matching, type Tables } from './Where'

type Stamp = 'create_time' | 'update_time'

/** What a row is made of; the model fills in the times. */
export type Creatable<Row> = Omit<Insertable<Row>, Stamp> & {
  readonly [Column in Extract<Stamp, keyof Insertable<Row>>]?: Insertable<Row>[Column]
}

/** All these columns are equal to; null is IS NULL, an array is IN. */
export type Where<Row> = {
  readonly [Column in keyof Selectable<Row>]?:
    | Selectable<Row>[Column]
    | readonly NonNullable<Selectable<Row>[Column]>[]
    | null
}

export type Order<Row> = { readonly [Column in keyof Selectable<Row>]?: 'asc' | 'desc' }

/** A page of rows, and how many match in all. */
export interface Page<Row> {
  readonly list: Selectable<Row>[]
  readonly count: number
}

/** Rows of one page at most. */
const LARGEST_PAGE = 1000

/** Where a model is inside of. */
const TRANSACTION = Symbol('transaction')

/**
 * A table. Values are always bound, never a part of the SQL, and names of columns are quoted; still, `where` and `data` want to come
 * out of a schema: a column that is not the client's business must not be in them.
 *
 * Every method fails with an error that `isDatabaseAway` knows when the database is away, and with a TypeError for what is no column
 * or no value.
 */
export abstract class Model<Row extends object> {
  /** Its name, without the prefix. */
  abstract readonly table: string
  /** Of Config/db.ts. */
  readonly connection: string = 'master'
  /** undefined: that of the connection. */
  readonly prefix: string | undefined = undefined
  /** The primary key. */
  readonly pk: string = 'id'
  /** `create_time` and `update_time` are filled in, in Unix seconds. */
  readonly autoWriteTimestamp: boolean = true
  readonly [TRANSACTION]: Transaction<unknown> | undefined = undefined

  /** Inserts a row. @returns it as it stands in the table */
  async create(data: Creatable<Row>): Promise<Selectable<Row>> {
    const now = nowInSeconds()
    const stamps = this.autoWriteTimestamp ? { create_time: now, update_time: now } : {}
    const values: Record<string, Value> = { ...stamps, ...valuesOf(data) }
    const insert = open(this).insertInto(nameOf(this)).values(values)
    switch (DB.dialect(this.connection)) {
      case 'mssql':
        return only(this, await rows<Row>(this, insert.outputAll('inserted')))
      case 'mysql': {
        const { insertId } = await insert.executeTakeFirstOrThrow()
        const key = values[this.pk] ?? Number(insertId)
        return only(this, await rows<Row>(this, select(this, { [this.pk]: key })))
      }
      default:
        return only(this, await rows<Row>(this, insert.returningAll()))
    }
  }

  /** @returns how many rows matched, whether or not their values changed. @throws TypeError for an empty `where` or nothing to change */
  async update(data: Updateable<Row>, where: Where<Row>): Promise<number> {
    refuseEmpty(where, 'update')
    if (Object.keys(data).length === 0) throw new TypeError(`${this.table}: update was given nothing to change`)
    const stamps = this.autoWriteTimestamp ? { update_time: nowInSeconds() } : {}
    const { numUpdatedRows } = await open(this)
      .updateTable(nameOf(this))
      .set({ ...stamps, ...valuesOf(data) })
      .where(matching(where))
      .executeTakeFirstOrThrow()
    return Number(numUpdatedRows)
  }

  /** @returns a row that matches; undefined: there is none */
  async find(where: Where<Row>): Promise<Selectable<Row> | undefined> {
    const query = select(this, where)
    const [row] = await rows<Row>(this, DB.dialect(this.connection) === 'mssql' ? query.top(1) : query.limit(1))
    return row
  }

  /** @returns how many rows there were. @throws TypeError for an empty `where` */
  async delete(where: Where<Row>): Promise<number> {
    refuseEmpty(where, 'delete')
    const { numDeletedRows } = await open(this)
      .deleteFrom(nameOf(this))
      .where(matching(where))
      .executeTakeFirstOrThrow()
    return Number(numDeletedRows)
  }

  /**
   * A page of the rows that match.
   * @param page from 1
   * @param count rows of a page, 1 to 1000
   * @param order first to last; rows that are equal in it come in the order of the primary key, so that no page repeats one
   * @throws TypeError for a page or count that is none
   */
  async pageList(where: Where<Row>, page: number, count: number, order: Order<Row> = {}): Promise<Page<Row>> {
    checkWhole('page', page, Math.floor(Number.MAX_SAFE_INTEGER / LARGEST_PAGE))
    checkWhole('count', count, LARGEST_PAGE)
    let query = select(this, where)
    const whole = Object.hasOwn(order, this.pk) ? order : { ...order, [this.pk]: 'asc' }
    for (const [column, direction] of Object.entries(whole)) {
      query = query.orderBy(columnOf(column), checkDirection(column, direction))
    }
    const skipped = (page - 1) * count
    const paged =
      DB.dialect(this.connection) === 'mssql' ? query.offset(skipped).fetch(count) : query.limit(count).offset(skipped)
    const list = await rows<Row>(this, paged)
    const counting = open(this).selectFrom(nameOf(this)).where(matching(where))
    const { all } = await counting.select(({ fn }) => fn.countAll().as('all')).executeTakeFirstOrThrow()
    return { list, count: Number(all) }
  }

  /**
   * Runs `work` in a transaction: what it writes through the model that it is given is there as a whole or, when it throws, not at
   * all. It holds one connection, and on SQLite there is no other: keep it short, and wait in it for nothing else.
   * @throws what `work` throws; Error inside of another transaction
   */
  async transaction<Result>(work: (model: this) => Promise<Result>): Promise<Result> {
    if (this[TRANSACTION]) throw new Error(`${this.table}: there is no transaction in a transaction`)
    return await DB.get<unknown>(this.connection)
      .transaction()
      .execute((transaction) => {
        const inside: this = Object.create(this, { [TRANSACTION]: { value: transaction } })
        return work(inside)
      })
  }

  /** Kysely itself (https://kysely.dev) for whatever the other methods do not do. This table is called by its name without the prefix. */
  query(): Kysely<Record<string, Row>> {
    const db = this[TRANSACTION]?.withTables<Record<string, Row>>() ?? DB.get<Record<string, Row>>(this.connection)
    return db.withPlugin(prefixPlugin(this.table, prefixOf(this)))
  }
}

type Any = Pick<Model<object>, 'table' | 'connection' | 'prefix' | typeof TRANSACTION>

const prefixOf = ({ prefix, connection }: Any) => prefix ?? DB.prefix(connection)
const nameOf = (model: Any) => prefixOf(model) + model.table
const open = (model: Any): Kysely<Tables> =>
  model[TRANSACTION]?.withTables<Tables>() ?? DB.get<Tables>(model.connection)
const select = (model: Any, where: object) => open(model).selectFrom(nameOf(model)).selectAll().where(matching(where))

async function rows<Row>(model: Any, query: Compilable): Promise<Selectable<Row>[]> {
  const result = await open(model).executeQuery<Selectable<Row>>(query.compile())
  return result.rows
}

function only<Row>(model: Any, [row]: Row[]): Row {
  if (row !== undefined) return row
  throw new Error(`${model.table}: the row that was inserted has gone already`)
}

const nowInSeconds = () => Math.floor(Date.now() / 1000)

function refuseEmpty(where: object, what: string): void {
  if (Object.keys(where).length === 0) throw new TypeError(`${what} wants a where; for every row use query()`)
}

function checkWhole(name: string, value: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return
  throw new TypeError(`${name} is ${value}, it must be a whole number from 1 to ${most}`)
}

function checkDirection(column: string, direction: unknown): 'asc' | 'desc' {
  if (direction === 'asc' || direction === 'desc') return direction
  throw new TypeError(`the order of ${column} is asc or desc`)
}
