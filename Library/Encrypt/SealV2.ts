import { isUtf8 } from 'node:buffer'
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { MAX_CIPHER } from './Des'
import { byKey } from './Keys'

const PREFIX = 'v2.'
const IV_BYTES = 12
const TAG_BYTES = 16

const keyOf = byKey((key) => createHash('sha256').update(key, 'utf8').digest())

/**
 * The token that replaces `des`: AES-256-GCM, so nobody can change or splice it.
 * `v2.` + base64url of 12-byte IV, ciphertext, 16-byte tag; the AES key is SHA-256 of `key`.
 * The IV is random: two tokens of one text differ, and a key is good for 2^32 tokens.
 *
 * @throws RangeError for an empty key (there is no default here), and for a text of more than 3041 bytes, which `openV2` would refuse
 */
export function sealV2(plaintext: string, key: string): string {
  if (key === '') throw new RangeError('sealV2: the key is empty')
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', keyOf(key), iv, { authTagLength: TAG_BYTES })
  const body = Buffer.concat([iv, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()])
  const token = PREFIX + body.toString('base64url')
  if (token.length > MAX_CIPHER) throw new RangeError('sealV2: the text is longer than 3041 bytes')
  return token
}

/**
 * Undoes `sealV2`. Made for text from strangers: it never throws.
 *
 * @param token up to 4096 characters
 * @returns the text, or undefined: another key, a changed token, no exact base64url, no `v2.` in front, no UTF-8, too long
 */
export function openV2(token: string, key: string): string | undefined {
  if (key === '' || token.length > MAX_CIPHER || !token.startsWith(PREFIX)) return undefined
  const base64 = token.slice(PREFIX.length)
  const body = Buffer.from(base64, 'base64url')
  // One token, one spelling: Node also decodes padding, other alphabets and loose last bits.
  if (body.length < IV_BYTES + TAG_BYTES || body.toString('base64url') !== base64) return undefined
  const tagAt = body.length - TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', keyOf(key), body.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAuthTag(body.subarray(tagAt))
  const text = decipher.update(body.subarray(IV_BYTES, tagAt))
  try {
    decipher.final()
  } catch {
    // The only way Node has to say that the tag is wrong.
    return undefined
  }
  return isUtf8(text) ? text.toString('utf8') : undefined
}
