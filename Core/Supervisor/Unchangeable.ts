import { isDeepStrictEqual } from 'node:util'
import type { AppConfig } from '../../Library/Config/Schema'

const SETTINGS = ['mode', 'reactor_num', 'worker_num', 'dispatch_mode', 'socket_buffer_size'] as const

/**
 * What a running server cannot change.
 * @param now as it was configured: a port of 0 is 0
 * @throws Error that names what new code is configured to change
 */
export function checkUnchangeable(now: AppConfig, next: AppConfig): void {
  for (const name of new Set([...Object.keys(now.outside), ...Object.keys(next.outside)])) {
    if (!isDeepStrictEqual(now.outside[name], next.outside[name])) refuse(`the public port ${name} (outside.${name})`)
  }
  for (const name of SETTINGS) if (now.setting[name] !== next.setting[name]) refuse(`setting.${name}`)
}

function refuse(what: string): never {
  throw new Error(`${what} changes, which a running server cannot do: use restart`)
}
