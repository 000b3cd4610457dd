/** What stands where a secret stood. */
const CENSOR = '[redacted]'

/** Fields whose value is a secret wherever they stand, in any case of letters: `auth`, `managerToken`, `APP_AUTH_KEY` ... */
const WORDS = 'auth[_-]?key|token|password|passwd|secret|authorization'
const NAME = `(?:auth|key|[\\w.-]*(?:${WORDS}))`

/** A string in the JSON of the line. */
const STRING = String.raw`"(?:[^"\\]|\\.)*"`
/** A string in JSON that is itself a string of the line (a frame in an error text, a `%j`): every quote has one backslash. */
const INNER = String.raw`\\"(?:[^"\\]|\\\\(?:[^"\\]|\\["\\]))*\\"`
const GAP = String.raw`(?:\s|\\n)*`

/** A value that may be a secret: a string, a number, a list of them. An object stays and its own fields are looked at: a decoded auth (id, type, nickname) is what a log is read for. */
function value(string: string): string {
  return String.raw`(?:${string}|-?\d[\d.eE+-]*|\[(?:[\s,\d.eE+-]|\\n|${string})*\])`
}

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`("${NAME}":)${value(STRING)}`, 'gi'), `$1"${CENSOR}"`],
  [new RegExp(String.raw`(\\"${NAME}\\"${GAP}:${GAP})${value(INNER)}`, 'gi'), `$1\\"${CENSOR}\\"`],
  // As util.inspect prints an object: auth: '...', key: [ '...' ]. The bound keeps a text of nothing but `key: [` cheap; a bare quote
  // is the end of the string in the line.
  [
    new RegExp(String.raw`((?:auth|key|${WORDS})'?:\s*)(?:'(?:[^'"\\]|\\.)*'|\[(?:[^\]"\\]|\\.){0,500}\])`, 'gi'),
    `$1'${CENSOR}'`,
  ],
  // The command of an ioredis error, when it was the login.
  [new RegExp(`("name":"(?:auth|hello)","args":)${value(STRING)}`, 'gi'), `$1"${CENSOR}"`],
  // auth=... in a URL or a text; also percent-encoded, when a URL carries a URL. APP_AUTH_KEY=... ends alike.
  [/((?:auth|auth_?key|token|password|passwd|secret)(?:=|%3D)(?:\\"|')?)[^&\s"'#<>\\]+/gi, `$1${CENSOR}`],
  [/v2\.[A-Za-z0-9_-]{16,}/g, `v2.${CENSOR}`],
  [/\b(Bearer(?:\s|%20)+)[^\s"'\\,;]+/gi, `$1${CENSOR}`],
  // redis://user:password@host and its like. Up to the last @ before the path, as URL parsers do.
  [/(:\/\/)(?:[^\s"/?#\\]|\\.)+@/g, `$1${CENSOR}@`],
]

/** Most lines hold nothing that looks like a secret: one look instead of eight. */
const SUSPECT = /auth|key|token|passw|secret|bearer|v2\.|:\/\//i

/**
 * Takes secrets out of one line of JSON, as it goes to the file and to the screen. It works on the text and not on pino's paths,
 * because these know no depth, no child made earlier, and nothing of a URL in an error's stack.
 * No pattern can take more than a time linear in the line, since clients can put text into a log.
 */
export function redact(line: string): string {
  if (!SUSPECT.test(line)) return line
  let clean = line
  for (const [pattern, instead] of PATTERNS) clean = clean.replace(pattern, instead)
  return clean
}
