const BARS = '▁▂▃▄▅▆▇█'

/** Rows under each other; the first column to the left, the others, which are numbers, to the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const [head = []] = rows
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  )
}

/** A small graph, a character a value; the highest one is a full bar. */
export function sparkline(values: readonly number[]): string {
  const highest = Math.max(...values)
  return values.map((value) => BARS[highest > 0 ? Math.round((value / highest) * (BARS.length - 1)) : 0]).join('')
}

const MIB = 1024 * 1024
const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
]

export const mebibytes = (bytes: number) => `${(bytes / MIB).toFixed(0)} MiB`
export const milliseconds = (ms: number) => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`

/** The two largest units of a time in seconds: `3 h 12 min`. */
export function duration(seconds: number): string {
  const at = UNITS.findIndex(([, length]) => seconds >= length)
  const [unit, length] = UNITS[at] ?? []
  if (unit === undefined || length === undefined) return `${Math.floor(seconds)} s`
  const [smaller, part] = UNITS[at + 1] ?? ['s', 1]
  return `${Math.floor(seconds / length)} ${unit} ${Math.floor((seconds % length) / part)} ${smaller}`
}
