import { createHash, randomInt } from 'node:crypto'

const DIGITS_AND_LETTERS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const MAX_CODE = 1024

/** MD5 of the UTF-8 text, 32 hexadecimal digits in lower case: for names and ids, not for secrets. */
export function md5(text: string): string {
  return createHash('md5').update(text, 'utf8').digest('hex')
}

/**
 * MSwoole's password digest, so that passwords stored by a PHP backend still compare: md5(sha1(password) + salt), both in hex.
 * A fast digest protects no new password: use `crypto.scrypt` for those.
 *
 * @param salt MSwoole's own constant where none is given
 */
export function md5Pwd(password: string, salt = 'Marico_key'): string {
  return md5(createHash('sha1').update(password, 'utf8').digest('hex') + salt)
}

/**
 * A code that nobody can guess (from the system's secure source, every character equally likely).
 *
 * @param length 1 to 1024 characters
 * @param alphabet 2 to 1024 different characters
 * @throws RangeError when one of them is out of bounds
 */
export function randomCode(length = 6, alphabet = DIGITS_AND_LETTERS): string {
  const characters = [...alphabet]
  if (!Number.isInteger(length) || length < 1 || length > MAX_CODE) {
    throw new RangeError(`randomCode: length must be a whole number from 1 to ${MAX_CODE}`)
  }
  if (characters.length < 2 || characters.length > MAX_CODE || new Set(characters).size !== characters.length) {
    throw new RangeError(`randomCode: alphabet must have 2 to ${MAX_CODE} different characters`)
  }
  let code = ''
  for (let at = 0; at < length; at++) code += characters[randomInt(characters.length)]
  return code
}
