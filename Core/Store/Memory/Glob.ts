/** A part of a pattern that matches one byte. */
type One = (byte: string) => boolean
const STAR = Symbol('*')

/**
 * Redis' patterns: `*`, `?`, `[abc]`, `[^a-z]`, and `\` before a character that stands for itself. Never worse than length of pattern
 * times length of text, whatever a client sends.
 */
export function compileGlob(pattern: string): (text: string) => boolean {
  const parts = parse(pattern)
  return (text) => matches(parts, text)
}

function matches(parts: readonly (One | typeof STAR)[], text: string): boolean {
  let part = 0
  let position = 0
  // Only the last star has to be tried again: whatever an earlier one could take, the later one can take too.
  let star = -1
  let taken = 0
  while (position < text.length) {
    const current = parts[part]
    if (current === STAR) {
      star = part++
      taken = position
    } else if (current?.(text.charAt(position))) {
      part++
      position++
    } else if (star !== -1) {
      part = star + 1
      position = ++taken
    } else {
      return false
    }
  }
  while (parts[part] === STAR) part++
  return part === parts.length
}

function parse(pattern: string): (One | typeof STAR)[] {
  const parts: (One | typeof STAR)[] = []
  let at = 0
  while (at < pattern.length) {
    const character = pattern.charAt(at)
    if (character === '[') {
      const [one, end] = parseClass(pattern, at + 1)
      parts.push(one)
      at = end
      continue
    }
    if (character === '*') {
      if (parts.at(-1) !== STAR) parts.push(STAR)
    } else if (character === '?') {
      parts.push(() => true)
    } else {
      if (character === '\\' && at + 1 < pattern.length) at++
      const literal = pattern.charAt(at)
      parts.push((byte) => byte === literal)
    }
    at++
  }
  return parts
}

/** What stands between brackets; a missing `]` ends with the pattern, as in Redis. */
function parseClass(pattern: string, from: number): [one: One, end: number] {
  const negated = pattern.charAt(from) === '^'
  const ranges: [low: string, high: string][] = []
  let at = negated ? from + 1 : from
  for (; at < pattern.length && pattern.charAt(at) !== ']'; at++) {
    if (pattern.charAt(at) === '\\' && at + 1 < pattern.length) {
      at++
      ranges.push([pattern.charAt(at), pattern.charAt(at)])
    } else if (pattern.charAt(at + 1) === '-' && at + 2 < pattern.length) {
      const ends = [pattern.charAt(at), pattern.charAt(at + 2)].sort()
      ranges.push([ends[0] ?? '', ends[1] ?? ''])
      at += 2
    } else {
      ranges.push([pattern.charAt(at), pattern.charAt(at)])
    }
  }
  return [(byte) => ranges.some(([low, high]) => low <= byte && byte <= high) !== negated, at + 1]
}
