import { RedisError } from '../Resp'

const MAX_INTEGER = 2n ** 63n - 1n
const MIN_INTEGER = -(2n ** 63n)

export const syntaxError = () => new RedisError('ERR syntax error')
export const notAnInteger = () => new RedisError('ERR value is not an integer or out of range')
export const wrongCount = (command: string) =>
  new RedisError(`ERR wrong number of arguments for '${command.toLowerCase()}' command`)
export const unknownSubcommand = (command: string, subcommand: string) =>
  new RedisError(`ERR unknown subcommand '${subcommand}'. Try ${command} HELP.`)

/** A Redis integer: 64 bits, written in one way only. Undefined if the text is none. */
export function toBigInt(text: string): bigint | undefined {
  if (!/^(?:0|-?[1-9]\d{0,18})$/.test(text)) return undefined
  const value = BigInt(text)
  return fits(value) ? value : undefined
}

export function fits(value: bigint): boolean {
  return MIN_INTEGER <= value && value <= MAX_INTEGER
}

export function bigInteger(text: string | undefined, error = notAnInteger): bigint {
  const value = toBigInt(text ?? '')
  if (value === undefined) throw error()
  return value
}

/** For positions, counts and times: exact up to 2^53, which all of them stay under. */
export function integer(text: string | undefined, error = notAnInteger): number {
  return Number(bigInteger(text, error))
}

/** A count that may not be negative. */
export function positiveCount(text: string | undefined): number {
  const error = () => new RedisError('ERR value is out of range, must be positive')
  const count = integer(text, error)
  if (count < 0) throw error()
  return count
}

/** A floating point number, also `inf` and `-inf`. Undefined if the text is none, or one that a double cannot hold. */
export function toFloat(text: string): number | undefined {
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(text)
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}

export function float(text: string | undefined): number {
  const value = toFloat(text ?? '')
  if (value === undefined) throw new RedisError('ERR value is not a valid float')
  return value
}

/** As Redis 7.2 and later write it: the shortest text that gives the same number. */
export function formatFloat(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value)
  return value > 0 ? 'inf' : '-inf'
}

/** `[a, b, c, d]` as `[[a, b], [c, d]]`. The caller has checked that the count is even. */
export function pairs(args: readonly string[]): [string, string][] {
  const result: [string, string][] = []
  for (let index = 0; index < args.length; index += 2) result.push([args[index] ?? '', args[index + 1] ?? ''])
  return result
}

/** Where a range from `first` to `last`, negative ones counted from the end, begins and ends (not included) in `length` items. */
export function clampRange(first: number, last: number, length: number): [start: number, end: number] {
  const start = Math.max(0, first < 0 ? first + length : first)
  const end = Math.min(length, (last < 0 ? last + length : last) + 1)
  return [start, Math.max(start, end)]
}
