import { REPLIES, type ReplyEvent } from '../Errors'

/** What a client sent: its fields, as JSON.parse made them. Nothing in it is to be trusted. */
export type Request = Record<string, unknown>

/** A client's own number for a call; comes back in every reply to it. */
export type CallId = string | number

/** @returns the JSON object that `text` is, or undefined when it is anything else */
export function decode(text: string): Request | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined // not JSON: the same to the caller as JSON that is no object
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Events and infos are few, and most are constants of the code: so many of them, up to so long, are kept as JSON. */
const MOST_QUOTED = 1000
const LONGEST_QUOTED = 100
const quoted = new Map<string, string>()

function quote(text: string): string {
  if (text.length > LONGEST_QUOTED) return JSON.stringify(text)
  let json = quoted.get(text)
  if (json === undefined) {
    json = JSON.stringify(text)
    if (quoted.size < MOST_QUOTED) quoted.set(text, json)
  }
  return json
}

/**
 * The text of a reply: `{"status","event","info"[,"param"][,"callId"]}` in this order.
 * @param param left out when it is undefined (or what JSON has no word for); null is sent
 * @throws TypeError when `param` cannot be JSON (a cycle, a BigInt)
 */
export function encode(status: number, event: string, info: string, param?: unknown, callId?: CallId): string {
  const json = param === undefined ? undefined : JSON.stringify(param)
  return `{"status":${status},"event":${quote(event)},"info":${quote(info)}${
    json === undefined ? '' : `,"param":${json}`
  }${callId === undefined ? '' : `,"callId":${JSON.stringify(callId)}`}}`
}

/** The text of one of the kernel's own replies. */
export function encodeReply(event: ReplyEvent, param?: unknown, callId?: CallId): string {
  const { status, info } = REPLIES[event]
  return encode(status, event, info, param, callId)
}

const ACKNOWLEDGEMENT = encodeReply('receiveMessage')

/** The text of the acknowledgement, which every request gets first. */
export function acknowledgement(callId?: CallId): string {
  return callId === undefined ? ACKNOWLEDGEMENT : encodeReply('receiveMessage', undefined, callId)
}
