import type { ExpressionWrapper, SqlBool } from 'kysely'
import { kysely } from '../DB/kysely'
import { columnOf, storable, type Value } from './Values'

/** Tables whose columns are known when the program runs, not when it is compiled. */
export type Tables = Record<string, Record<string, Value>>

type Condition = ExpressionWrapper<Tables, string, SqlBool>

/**
 * All columns have these values: null is IS NULL, an array is IN, and an empty one matches nothing.
 * @throws TypeError that names the column
 */
export function matching(where: object): Condition {
  const build = kysely().expressionBuilder<Tables, string>()
  return build.and(Object.entries(where).map(([name, value]) => one(columnOf(name), value)))
}

function one(column: string, value: unknown): Condition {
  const build = kysely().expressionBuilder<Tables, string>()
  if (!Array.isArray(value)) {
    const given = storable(column, value)
    return given === null ? build(column, 'is', null) : build(column, '=', given)
  }
  if (value.length === 0) return build(build.lit<number>(1), '=', build.lit<number>(0))
  if (value.includes(null)) throw new TypeError(`${column} is a list with null in it, which IN never finds`)
  return build(
    column,
    'in',
    value.map((item: unknown) => storable(column, item)),
  )
}
