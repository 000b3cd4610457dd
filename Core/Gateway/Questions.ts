import type { Announcement, Kick } from '../Link/Contract'
import { isObject } from '../Wire/Protocol'

// What the texts of questions say. They come over the bus, where anybody who can reach Redis may write.

/** Closes these connections: what `kick` becomes for one gateway. */
interface KickThese {
  readonly fds: readonly number[]
  readonly code: number
  readonly reason: string
}

/** Sends to these connections: what a report of a set becomes for one gateway. */
interface ReportThese {
  readonly fds: readonly number[]
  readonly text: string
}

/** @throws Error when it is none */
export function readKick(json: string): Kick {
  const { target, code, reason } = readObject(json)
  if (!(isNumber(target) || isText(target)) || !isNumber(code) || !isText(reason)) throw new TypeError('no kick')
  return { target, code, reason }
}

/** @throws Error when it is none */
export function readKickThese(json: string): KickThese {
  const { fds, code, reason } = readObject(json)
  if (!areNumbers(fds) || !isNumber(code) || !isText(reason)) throw new TypeError('no kick')
  return { fds, code, reason }
}

/** @throws Error when it is none */
export function readReportThese(json: string): ReportThese {
  const { fds, text } = readObject(json)
  if (!areNumbers(fds) || !isText(text)) throw new TypeError('no report')
  return { fds, text }
}

/** @throws Error when it is none */
export function readAnnouncement(json: string): Announcement {
  const { target, except, text } = readObject(json)
  if (!areNumbers(except) || !isText(text)) throw new TypeError('no report')
  return { target: readTarget(target), except, text }
}

function readTarget(value: unknown): Announcement['target'] {
  const { fd, audience, name } = isObject(value) ? value : {}
  if (isNumber(fd)) return { fd }
  const known = audience === 'group' || audience === 'user' || audience === 'port' || audience === 'all'
  if (!known || !isText(name)) throw new TypeError('no report')
  return { audience, name }
}

function readObject(json: string): Record<string, unknown> {
  const value: unknown = JSON.parse(json)
  if (!isObject(value)) throw new TypeError('no object')
  return value
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isNumber = (value: unknown): value is number => typeof value === 'number'
const areNumbers = (value: unknown): value is number[] => Array.isArray(value) && value.every(isNumber)
