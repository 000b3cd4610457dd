/** What a column takes. */
export type Value = string | number | bigint | null | Date | Buffer

/** Quoting makes any name safe; what is no name at all is somebody's mistake, or somebody's try. */
const NAME = /^[\p{L}_][\p{L}\p{N}_$]{0,127}$/u

/** @throws TypeError that names the column */
export function columnOf(name: string): string {
  if (NAME.test(name)) return name
  throw new TypeError(`${JSON.stringify(name.slice(0, 100))} is no name of a column`)
}

/** @throws TypeError that names the column, for what is no value of one */
export function storable(column: string, value: unknown): Value {
  switch (typeof value) {
    case 'string':
      // PostgreSQL refuses it, SQLite keeps what is before it.
      if (value.includes('\0'))
        throw new TypeError(`${column} is a text with a NUL character, which not every database stores`)
      return value
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${column} is ${value}, which no database stores`)
      return value
    case 'bigint':
      return value
    case 'boolean':
      // Every kind of database takes it, for columns of numbers as well as for those of booleans.
      return value ? 1 : 0
    case 'object':
      if (value === null || Buffer.isBuffer(value)) return value
      if (value instanceof Date && !Number.isNaN(value.getTime())) return value
  }
  const kind = Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `of the type ${typeof value}`
  throw new TypeError(`${column} is ${kind}; a value is a text, a number, a boolean, null, a Date or a Buffer`)
}

/** The columns and values of a row. @throws TypeError that names the column */
export function valuesOf(data: object): Record<string, Value> {
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [columnOf(name), storable(name, value)]))
}
