import { isDeepStrictEqual } from 'node:util'
import type { AppConfig } from '../../Library/Config/Schema'

/** What a restart can change, and a reload cannot. */
const BY_RESTART = ['reactor_num', 'worker_num', 'dispatch_mode', 'socket_buffer_size'] as const

/** What the supervisor itself is made of. */
const BY_START = ['host', 'port', 'token'] as const

/**
 * @param now as it was configured: a port of 0 is 0
 * @throws Error that names what new code is configured to change and a reload cannot
 */
export function checkReload(now: AppConfig, next: AppConfig): void {
  checkRestart(now, next)
  for (const name of new Set([...Object.keys(now.outside), ...Object.keys(next.outside)])) {
    if (!isDeepStrictEqual(now.outside[name], next.outside[name])) {
      refuse(`the public port ${name} (outside.${name})`, 'restart')
    }
  }
  for (const name of BY_RESTART) if (now.setting[name] !== next.setting[name]) refuse(`setting.${name}`, 'restart')
}

/**
 * @param now as it was configured
 * @throws Error that names what new code is configured to change and a restart cannot
 */
export function checkRestart(now: AppConfig, next: AppConfig): void {
  if (now.setting.mode !== next.setting.mode) refuse('setting.mode', 'stop and start')
  for (const name of BY_START) {
    if (now.manager[name] !== next.manager[name]) refuse(`manager.${name}`, 'stop and start')
  }
}

function refuse(what: string, instead: string): never {
  throw new Error(`${what} changes, which a running server cannot do: use ${instead}`)
}
