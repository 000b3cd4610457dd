import { isUtf8 } from 'node:buffer'
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { byKey } from './Keys'

/** The longest text that `undes` and `openV2` look at, in characters. A real auth string has about 200. */
export const MAX_CIPHER = 4096

const BLOCK = 8
const KEY_BYTES = 24
/** What MSwoole takes where it is given no key; PHP's `empty()` counts "0" as none. */
const MSWOOLE_KEY = 'Marico_key'

const keyOf = byKey((key) => {
  const bytes = Buffer.alloc(KEY_BYTES, '0')
  // Written as bytes: a key of multi-byte characters is cut in the middle of one, as PHP and mcrypt do.
  Buffer.from(key === '' || key === '0' ? MSWOOLE_KEY : key, 'utf8').copy(bytes)
  return bytes
})

/** One for all texts of a key, because to make one costs as much as to use it: without padding ECB keeps nothing from block to block. */
const decipherOf = byKey((key) => createDecipheriv('des-ede3-ecb', keyOf(key), null).setAutoPadding(false))

/**
 * MSwoole's auth string: 3DES-ECB over UTF-8, PKCS#5, base64 with `+` `/` `=` written as `*` `:` `_`.
 *
 * It hides and it does not protect: ECB blocks of two strings can be spliced. `sealV2` is the safe one.
 *
 * @param key padded with "0" or cut to 24 bytes; '' and '0' mean MSwoole's own `Marico_key`
 * @throws RangeError for a text of more than 3071 bytes: `undes` would refuse what comes out
 */
export function des(plaintext: string, key: string): string {
  const cipher = createCipheriv('des-ede3-ecb', keyOf(key), null)
  const text = cipher.update(plaintext, 'utf8', 'base64') + cipher.final('base64')
  if (text.length > MAX_CIPHER) throw new RangeError('des: the text is longer than 3071 bytes')
  return text.replaceAll('+', '*').replaceAll('/', ':').replaceAll('=', '_')
}

/**
 * Undoes `des`. Made for text from strangers: it never throws.
 *
 * @param cipher up to 4096 characters; standard base64 (`+` `/` `=`) is taken too, as PHP's decoder did
 * @returns the text, or undefined for whatever is not exactly what `des` gives: another alphabet, wrong or missing base64 padding,
 *   no whole blocks, a wrong PKCS#5 byte, no UTF-8, too long
 */
export function undes(cipher: string, key: string): string | undefined {
  if (cipher.length === 0 || cipher.length > MAX_CIPHER) return undefined
  // All three before Node sees them: it skips `*` and `:`, and reads `_` as `/`.
  const base64 = cipher.replaceAll('*', '+').replaceAll(':', '/').replaceAll('_', '=')
  const bytes = Buffer.from(base64, 'base64')
  // Node's decoder forgives everything; only exact base64 comes out again as it went in.
  if (bytes.length === 0 || bytes.length % BLOCK !== 0 || bytes.toString('base64') !== base64) return undefined
  return unpad(decipherOf(key).update(bytes))
}

function unpad(padded: Buffer): string | undefined {
  const pad = padded.at(-1)
  if (pad === undefined || pad < 1 || pad > BLOCK) return undefined
  const end = padded.length - pad
  for (let at = end; at < padded.length; at++) if (padded[at] !== pad) return undefined
  const text = padded.subarray(0, end)
  return isUtf8(text) ? text.toString('utf8') : undefined
}
