const ESCAPES = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['b', '\b'],
  ['a', '\x07'],
])

/**
 * The words of a command as a person types it into a socket: bare, "quoted with \n and \x00", or 'as it stands'. Undefined if the
 * quotes do not match. White space is named byte by byte: `\s` would cut UTF-8 text at its 0xA0 bytes.
 */
export function splitInline(line: string): string[] | undefined {
  const words: string[] = []
  const word = /[\t-\r ]*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\t-\r "']+)(?=[\t-\r ]|$)/sy
  let end = 0
  for (let found = word.exec(line); found !== null; found = word.exec(line)) {
    end = word.lastIndex
    words.push(unquote(found[1] ?? ''))
  }
  return /^[\t-\r ]*$/.test(line.slice(end)) ? words : undefined
}

function unquote(word: string): string {
  if (word.startsWith("'")) return word.slice(1, -1).replaceAll("\\'", "'")
  if (!word.startsWith('"')) return word
  return word
    .slice(1, -1)
    .replace(/\\x([0-9a-fA-F]{2})|\\(.)/gs, (_, hex: string | undefined, character: string) =>
      hex === undefined ? (ESCAPES.get(character) ?? character) : String.fromCharCode(Number.parseInt(hex, 16)),
    )
}
