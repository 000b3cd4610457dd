import { type Answer, RedisError } from '../Resp'
import { integer, syntaxError } from './Arguments'
import { compileGlob } from './Glob'

/**
 * A scan gives everything in its first answer and ends. Redis leaves open how much comes at once, and this way nothing that is there
 * throughout can be missed, whatever changes; a store this small can afford it.
 *
 * Each item is a name, which MATCH looks at, and what follows it in the answer. TYPE is an option only where `typeOf` is given.
 */
export function scan(
  [cursor = '', ...words]: readonly string[],
  items: Iterable<readonly [name: string, ...rest: string[]]>,
  typeOf?: (name: string) => string | undefined,
): Answer {
  if (!/^\d{1,20}$/.test(cursor)) throw new RedisError('ERR invalid cursor')
  let matches = (_name: string): boolean => true
  let type: string | undefined
  for (let index = 0; index < words.length; index += 2) {
    const [option = '', value] = [words[index]?.toUpperCase(), words[index + 1]]
    if (value === undefined) throw syntaxError()
    if (option === 'MATCH') matches = compileGlob(value)
    else if (option === 'TYPE' && typeOf !== undefined) type = value.toLowerCase()
    else if (option !== 'COUNT' || integer(value) < 1) throw syntaxError()
  }

  const found: string[] = []
  // The one cursor that was ever handed out is the last one, 0.
  if (Number(cursor) === 0) {
    for (const item of items) {
      if (!matches(item[0]) || (type !== undefined && typeOf?.(item[0]) !== type)) continue
      for (const part of item) found.push(part)
    }
  }
  return ['0', found]
}
