// What the server sends, as the pages use it: checked, and with its texts decoded.

import { decode } from './text.js'

/**
 * @typedef {{ id: string, nickname: string, say: string }} Message of a phone
 * @typedef {Message & { time: number | undefined }} Broadcast of a wall; `time` in Unix seconds
 * @typedef {{ list: Broadcast[], count: number, code: string }} Page newest first; `count` of all; `code` of the room, if a row tells it
 */

/** @param {unknown} value @returns {Record<string, unknown>} */
const fieldsOf = (value) => (typeof value === 'object' && value !== null ? { ...value } : {})

/** @param {unknown} value */
export const idOf = (value) => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

/** @param {unknown} param @returns {Message} */
export function messageOf(param) {
  const { id, nickname, say } = fieldsOf(param)
  return { id: idOf(id), nickname: decode(nickname), say: decode(say) }
}

/** @param {unknown} param an object id -> message @returns {Message[]} */
export const messagesOf = (param) => Object.values(fieldsOf(param)).map(messageOf)

/** @param {unknown} param a row of the table, or what `wallSayBroadcast` carries @returns {Broadcast} */
export function broadcastOf(param) {
  const { create_time: time } = fieldsOf(param)
  return { ...messageOf(param), time: Number(time) > 0 ? Number(time) : undefined }
}

/** @param {unknown} param @returns {Page} */
export function pageOf(param) {
  const { list, count } = fieldsOf(param)
  const rows = Array.isArray(list) ? list : []
  return { list: rows.map(broadcastOf), count: Number(count) || 0, code: decode(fieldsOf(rows[0]).code) }
}

/** @param {unknown} param @returns {{ id: string, approved: boolean }} */
export function verdictOf(param) {
  const { id, status } = fieldsOf(param)
  return { id: idOf(id), approved: Number(status) === 1 }
}

/** @param {unknown} param @returns {{ user: number, wall: number }} */
export function countOf(param) {
  const { user, wall } = fieldsOf(param)
  return { user: Number(user) || 0, wall: Number(wall) || 0 }
}
