/** The longest method that is looked at; a longer one is nobody's name. */
const LONGEST = 256

/**
 * From the `method` of a request to the lower-case name `module.controller.action` of what it calls: `a` is index.index.a, `a.b` is
 * index.a.b, nothing is index.index.index. Dots at both ends do not count.
 * @returns undefined when it can name nothing: no string, or four and more segments
 */
export function match(method: unknown): string | undefined {
  if (method === undefined) return 'index.index.index'
  if (typeof method !== 'string' || method.length > LONGEST) return undefined
  const segments = trimDots(method).toLowerCase().split('.')
  switch (segments.length) {
    case 1:
      return `index.index.${segments[0] || 'index'}`
    case 2:
      return `index.${segments.join('.')}`
    case 3:
      return segments.join('.')
    default:
      return undefined
  }
}

function trimDots(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && text[start] === '.') start++
  while (end > start && text[end - 1] === '.') end--
  return text.slice(start, end)
}
