import type { Audience } from '../Link/Contract'
import { isFd } from '../Record/Keys'

/** Whom something is sent to: one connection, or an audience. */
export type Target = { readonly fd: number } | { readonly audience: Audience; readonly name: string }

/**
 * @param target an fd (a number or a numeric string), or the key of a group
 * @throws TypeError when it is neither
 */
export function readTarget(target: number | string): Target {
  if (typeof target === 'string' && target !== '' && !/^\d+$/.test(target)) return { audience: 'group', name: target }
  const fd = Number(target)
  if (target === '' || !isFd(fd)) {
    throw new TypeError(
      `the target ${JSON.stringify(target)} is neither an fd (a whole number above 0) nor a group key`,
    )
  }
  return { fd }
}
