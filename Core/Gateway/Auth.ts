import type { AppConfig } from '../../Library/Config/Schema'
import { openV2, undes } from '../../Library/Encrypt/Encrypt'
import { isObject } from '../Wire/Protocol'

/** A user as the auth string named him: all of its fields but ctime. */
export interface User {
  readonly id: string | number
  readonly type: string
  /** The same, as JSON: what stands in Redis and goes to the worker. */
  readonly json: string
}

/** Why an auth string was refused; for the log, never for the client. */
export type Refusal = 'missing' | 'undecodable' | 'not an auth object' | 'expired' | 'from the future'

/** Seconds that the issuer's clock may be ahead of ours. */
const AHEAD = 60

/** Verifies auth strings against the keys of the configuration. No I/O: it is done inside the handshake. */
export class Auth {
  readonly #keys: readonly string[]
  readonly #ttl: number
  readonly #des: boolean
  readonly #v2: boolean

  constructor({ key, ttl, accept }: AppConfig['auth']) {
    this.#keys = key
    this.#ttl = ttl
    this.#des = accept.includes('des')
    this.#v2 = accept.includes('v2')
  }

  /** @param now Unix seconds */
  verify(text: string | null, now: number): User | Refusal {
    if (!text) return 'missing'
    for (const key of this.#keys) {
      const plain = this.#decrypt(text, key)
      // A wrong key lets garbage through now and then: only what is an auth object counts as decoded.
      const auth = plain === undefined ? undefined : parse(plain)
      if (auth !== undefined) return this.#check(auth, now)
    }
    return 'undecodable'
  }

  #decrypt(text: string, key: string): string | undefined {
    if (text.startsWith('v2.')) return this.#v2 ? openV2(text, key) : undefined
    return this.#des ? undes(text, key) : undefined
  }

  #check(auth: Record<string, unknown>, now: number): User | Refusal {
    const { ctime, ...rest } = auth
    const { id, type } = rest
    if (typeof id !== 'string' && typeof id !== 'number') return 'not an auth object'
    if (id === '' || id === Infinity || id === -Infinity) return 'not an auth object' // JSON can read 1e999, and not write it
    if (typeof type !== 'string' || type === '') return 'not an auth object'
    const issued = typeof ctime === 'string' ? Number(ctime || Number.NaN) : ctime
    if (typeof issued !== 'number' || !Number.isFinite(issued)) return 'not an auth object'
    if (issued > now + AHEAD) return 'from the future'
    if (issued < now - this.#ttl) return 'expired'
    return { id, type, json: JSON.stringify(rest) }
  }
}

/** An auth string alone, in which nothing is to be decoded. */
const PLAIN = /^auth=[\w*:.\-/=]*$/

/** @returns the auth string in the query of a handshake; null: there is none */
export function authIn(query: string): string | null {
  return PLAIN.test(query) ? query.slice('auth='.length) : new URLSearchParams(query).get('auth')
}

/** @returns the user that the record names; undefined when it names none */
export function readUser(json: string | null): User | undefined {
  const auth = json === null ? undefined : parse(json)
  if (auth === undefined || json === null) return undefined
  const { id, type } = auth
  if ((typeof id !== 'string' && typeof id !== 'number') || typeof type !== 'string') return undefined
  return { id, type, json }
}

function parse(plain: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(plain)
    return isObject(value) ? value : undefined
  } catch {
    return undefined // decrypted to something that is not JSON: as good as not decrypted
  }
}
