const SPECIAL = /[&<>"']/
const ALL_SPECIAL = /[&<>"']/g
const ESCAPED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#039;',
}

/** The deepest nesting of data that is taken from a client. */
export const DEEPEST = 64

/** Data that is nested deeper than `DEEPEST`. */
export class TooDeep extends Error {
  override name = 'TooDeep'
}

/** `text` with `& < > " '` turned into HTML entities. */
export function escapeText(text: string): string {
  return SPECIAL.test(text) ? text.replace(ALL_SPECIAL, (character) => ESCAPED[character] ?? character) : text
}

const asIs = (text: string) => text

/**
 * Makes data from outside safe to hand on: `text` is applied to every string value in plain objects, arrays, Maps and Sets, at any
 * depth, and a key `__proto__` is dropped. The value itself is never changed: what stays the same is handed back as it is, what
 * does not is made anew.
 * @throws TooDeep beyond `DEEPEST` levels
 */
export function clean(value: unknown, text: (text: string) => string, depth = 0): unknown {
  if (typeof value === 'string') return text(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= DEEPEST) throw new TooDeep(`data is nested deeper than ${DEEPEST} levels`)
  if (Array.isArray(value)) return cleanArray(value, text, depth)
  if (isPlain(value)) return cleanObject(value, text, depth)
  if (value instanceof Map) {
    return new Map([...value].map(([key, item]) => [clean(key, text, depth + 1), clean(item, text, depth + 1)]))
  }
  if (value instanceof Set) return new Set([...value].map((item) => clean(item, text, depth + 1)))
  return value
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function cleanArray(value: readonly unknown[], text: (text: string) => string, depth: number): readonly unknown[] {
  let copy: unknown[] | undefined
  for (let index = 0; index < value.length; index++) {
    const before = value[index]
    const after = clean(before, text, depth + 1)
    if (after !== before) {
      copy ??= [...value]
      copy[index] = after
    }
  }
  return copy ?? value
}

function cleanObject(
  value: Record<string, unknown>,
  text: (text: string) => string,
  depth: number,
): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined
  // A plain object has no other enumerable keys than its own.
  for (const key in value) {
    const before = value[key]
    if (key === '__proto__') {
      copy ??= copyOf(value)
      continue
    }
    const after = clean(before, text, depth + 1)
    if (after !== before) {
      copy ??= copyOf(value)
      copy[key] = after
    }
  }
  return copy ?? value
}

/**
 * A copy of an object's own fields, without `__proto__`. Field by field: V8 takes microseconds to add a field to what `...` has copied,
 * and the kernel adds three to every call's data.
 */
export function copyOf(value: object): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) if (key !== '__proto__') copy[key] = item
  return copy
}

/** A cleaning of what came from outside: an object's fields in, the fields as user code may see them out. */
export type Clean = (fields: Record<string, unknown>) => Record<string, unknown>

/** The cleaning that `filter` in Config/app.ts asks for. */
export function cleaner(filter: 'html' | 'none'): Clean {
  const text = filter === 'html' ? escapeText : asIs
  return (fields) => cleanObject(fields, text, 0)
}
