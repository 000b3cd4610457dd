/** What is wrong with a value, with the name that it stands under, or with the names of options: there are none such. */
export type Fault =
  | { readonly wrong: 'value' | 'name'; readonly path: readonly string[]; readonly mayBe: string }
  | { readonly wrong: 'options'; readonly path: readonly string[]; readonly names: readonly string[] }

/** @returns what becomes of a value; undefined: something is wrong with it, and `faults` tells what */
type Read<Value> = (value: unknown, path: readonly string[], faults: Fault[]) => { readonly value: Value } | undefined

/** What stands in a value: options by name, or something under each name that the user chooses. */
interface Inside {
  readonly options?: Shape
  readonly each?: Rule<unknown>
}

/** Options by name. */
export type Shape = Readonly<Record<string, Rule<unknown>>>

/**
 * What an option may be. Made for the few kinds of options that there are: every process and every command of the console reads
 * configuration files first, and a library for all kinds of data takes longer to load than all the rest that they need.
 * @typeParam Value what becomes of it
 * @typeParam Given what may be written
 */
export class Rule<Value, Given = Value> {
  readonly read: Read<Value>
  /** For people; empty for a group, whose options speak for themselves. */
  readonly about: string
  readonly inside: Inside
  /** What it is taken for where nothing is written. */
  readonly byDefault: Given | undefined

  constructor(read: Read<Value>, about: string, inside: Inside = {}, byDefault?: Given) {
    this.read = read
    this.about = about
    this.inside = inside
    this.byDefault = byDefault
  }

  default(byDefault: Given): Rule<Value, Given | undefined> {
    const read: Read<Value> = (value, path, faults) => this.read(value === undefined ? byDefault : value, path, faults)
    return new Rule<Value, Given | undefined>(read, this.about, this.inside, byDefault)
  }

  optional(): Rule<Value | undefined, Given | undefined> {
    const read: Read<Value | undefined> = (value, path, faults) =>
      value === undefined ? { value } : this.read(value, path, faults)
    return new Rule<Value | undefined, Given | undefined>(read, this.about, this.inside)
  }

  /** @param fits asked of a value that is right otherwise */
  but(fits: (value: Value) => boolean, mayBe: string): Rule<Value, Given> {
    const read: Read<Value> = (value, path, faults) => {
      const right = this.read(value, path, faults)
      return right === undefined || fits(right.value) ? right : wrong(path, mayBe, faults)
    }
    return new Rule<Value, Given>(read, this.about, this.inside)
  }
}

/** What becomes of what a rule reads. */
export type ValueOf<R> = R extends Rule<infer Value, infer _Given> ? Value : never

/** What may be written for a rule. */
export type GivenOf<R> = R extends Rule<infer _Value, infer Given> ? Given : never

/** What may be undefined may be left out. */
type Loose<T> = Flat<
  { [Name in keyof T as undefined extends T[Name] ? never : Name]: T[Name] } & {
    [Name in keyof T as undefined extends T[Name] ? Name : never]?: T[Name]
  }
>
type Flat<T> = { [Name in keyof T]: T[Name] }

function wrong(path: readonly string[], mayBe: string, faults: Fault[]): undefined {
  faults.push({ wrong: 'value', path, mayBe })
}

function plain<Value>(is: (value: unknown) => value is Value, mayBe: string, about: string): Rule<Value> {
  return new Rule((value, path, faults) => (is(value) ? { value } : wrong(path, mayBe, faults)), about)
}

const isWhole = (value: unknown): value is number => Number.isInteger(value)
const isText = (value: unknown): value is string => typeof value === 'string'
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean'

export function whole(min: number, max: number, about: string): Rule<number> {
  const mayBe = `a whole number from ${min} to ${max}`
  return plain(isWhole, mayBe, about).but((value) => value >= min && value <= max, mayBe)
}

export function text(about: string): Rule<string> {
  const mayBe = 'a text that is not empty'
  return plain(isText, mayBe, about).but((value) => value !== '', mayBe)
}

export const anyText = (about: string): Rule<string> => plain(isText, 'a text', about)

export const flag = (about: string): Rule<boolean> => plain(isFlag, 'true or false', about)

export function oneOf<const One extends string | number>(
  values: readonly One[],
  about: string,
  mayBe = `one of ${values.join(', ')}`,
): Rule<One> {
  return plain((value): value is One => values.some((one) => one === value), mayBe, about)
}

/** @param least how many there are at least */
export function listOf<Value>(item: Rule<Value>, what: string, about: string, least = 0) {
  const mayBe = `a list of ${what}${least > 0 ? ', at least one' : ''}`
  const read: Read<Value[]> = (value, path, faults) => {
    if (!Array.isArray(value) || value.length < least) return wrong(path, mayBe, faults)
    const before = faults.length
    const items: Value[] = []
    for (const [at, one] of value.entries()) {
      const right = item.read(one, [...path, String(at)], faults)
      if (right) items.push(right.value)
    }
    return faults.length === before ? { value: items } : undefined
  }
  return new Rule<Value[], readonly Value[]>(read, about)
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The same under each name that the user chooses. @param names those that there may be; default any */
export function named<Value, Given>(each: Rule<Value, Given>, mayBe: string, about = '', names = /^/) {
  const read: Read<Record<string, Value>> = (value, path, faults) => {
    if (!isObject(value)) return wrong(path, mayBe, faults)
    const before = faults.length
    const values: [string, Value][] = []
    for (const [name, one] of Object.entries(value)) {
      const at = [...path, name]
      if (!names.test(name)) faults.push({ wrong: 'name', path: at, mayBe })
      const right = each.read(one, at, faults)
      if (right) values.push([name, right.value])
    }
    return faults.length === before ? { value: Object.fromEntries(values) } : undefined
  }
  return new Rule<Record<string, Value>, Readonly<Record<string, Given>>>(read, about, { each })
}

/** A group: these options, and no others. */
export function options<const S extends Shape>(shape: S) {
  type Value = Loose<{ -readonly [Name in keyof S]: ValueOf<S[Name]> }>
  type Given = Loose<{ -readonly [Name in keyof S]: GivenOf<S[Name]> }>
  const read: Read<Value> = (value, path, faults) => {
    if (!isObject(value)) return wrong(path, 'an object of options', faults)
    const before = faults.length
    const values: unknown[][] = []
    for (const [name, rule] of Object.entries(shape)) {
      const right = rule.read(Reflect.get(value, name), [...path, name], faults)
      if (right?.value !== undefined) values.push([name, right.value])
    }
    const names = Object.keys(value).filter((name) => !Object.hasOwn(shape, name))
    if (names.length > 0) faults.push({ wrong: 'options', path, names })
    return faults.length === before ? { value: Object.fromEntries(values) } : undefined
  }
  return new Rule<Value, Given>(read, '', { options: shape })
}
