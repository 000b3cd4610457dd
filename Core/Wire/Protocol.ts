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

/**
 * The text of a reply: `{"status","event","info"[,"param"][,"callId"]}` in this order.
 * @param param left out when it is undefined (or what JSON has no word for); null is sent
 * @throws TypeError when `param` cannot be JSON (a cycle, a BigInt)
 */
export function encode(status: number, event: string, info: string, param?: unknown, callId?: CallId): string {
  const json = param === undefined ? undefined : JSON.stringify(param)
  return `{"status":${status},"event":${JSON.stringify(event)},"info":${JSON.stringify(info)}${
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
