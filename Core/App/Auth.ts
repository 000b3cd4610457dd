import type { Clean } from '../Wire/Filter'
import { isObject } from '../Wire/Protocol'

/** A user as the auth string named him, less ctime; strings are filtered as Config/app.ts says. */
export interface Auth<Type extends string = string> {
  readonly id: string | number
  readonly type: Type
  readonly code?: string
  readonly nickname?: string
  readonly [field: string]: unknown
}

/** What the kernel puts into the data of a user whose type the action names. */
export interface Known<Type extends string> {
  readonly fd: number
  /** The room code of the auth string; empty if it has none. */
  readonly code: string
  readonly auth: Type extends string ? Auth<Type> : never
}

/** The same where anybody may call: a port may let strangers in. */
export interface Anybody {
  readonly fd: number
  readonly code?: string
  readonly auth?: Auth
}

/** What an issuer may write as a number, and everybody reads as text. */
const asText = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : undefined)

/**
 * @param json an auth object as the gateway verified it; empty: nobody known
 * @param clean the filter for what comes from outside
 */
export function readAuth(json: string, clean: Clean): Auth | undefined {
  if (json === '') return undefined
  const value: unknown = JSON.parse(json)
  if (!isObject(value)) return undefined
  const { id, type, code, nickname, ...rest } = clean(value)
  if ((typeof id !== 'string' && typeof id !== 'number') || typeof type !== 'string') return undefined
  const texts: { code?: string; nickname?: string } = {}
  const room = asText(code)
  const name = asText(nickname)
  if (room !== undefined) texts.code = room
  if (name !== undefined) texts.nickname = name
  return Object.freeze({ ...rest, id, type, ...texts })
}
