import type { AppConfig } from '../../Library/Config/Schema'
import { userKey } from '../Record/Keys'
import type { User } from './Auth'

/** Swoole's names for what a connection is given to a worker by. */
const BY_IP = 4
const BY_USER = 5

/** @returns a whole number that decides, with the number of workers, who serves a connection */
export function slotOf(
  mode: AppConfig['setting']['dispatch_mode'],
  fd: number,
  ip: string,
  user: User | undefined,
): number {
  if (mode === BY_IP) return hash(ip)
  if (mode === BY_USER && user !== undefined) return hash(userKey(user.type, user.id))
  return fd
}

/** FNV-1a, 32 bit. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  return value >>> 0
}
