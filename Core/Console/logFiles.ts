import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isObject } from '../Wire/Protocol'

const NAME = /^\d{4}-\d{2}-\d{2}\.log$/

/** @returns the path of the newest log file; undefined when there is none */
export function newestLog(runtime: string): string | undefined {
  const folder = join(runtime, 'logs')
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => NAME.test(name)) : []
  const name = names.sort().at(-1)
  return name === undefined ? undefined : join(folder, name)
}

/** @returns what a line of the log says; undefined when it is none */
export function readLine(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? value : undefined
  } catch {
    return undefined // a line of which the disk took only a part
  }
}

/** @returns the newest error in the log that is not older than `since` */
export function lastComplaint(runtime: string, since: Date): string | undefined {
  const file = newestLog(runtime)
  const lines = file === undefined ? [] : readFileSync(file, 'utf8').trimEnd().split('\n').reverse()
  for (const line of lines) {
    const { level, time, msg, err } = readLine(line) ?? {}
    if (new Date(String(time)) < since) return undefined
    if (level !== 'error' && level !== 'fatal') continue
    return isObject(err) ? `${msg}: ${err.message}` : String(msg)
  }
  return undefined
}
