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
  return headOf(status, event, info) + tailOf(param, callId)
}

const headOf = (status: number, event: string, info: string) =>
  `{"status":${status},"event":${quote(event)},"info":${quote(info)}`

function tailOf(param: unknown, callId: CallId | undefined): string {
  const json = param === undefined ? undefined : JSON.stringify(param)
  return `${json === undefined ? '' : `,"param":${json}`}${callId === undefined ? '' : `,"callId":${JSON.stringify(callId)}`}}`
}

/** The text of a reply in two parts, to be sent one after the other. */
export interface Parts {
  readonly head: Buffer | string
  readonly tail: string
}

/** How replies with one event begin. */
interface Beginning {
  readonly status: number
  readonly info: string
  readonly head: Buffer
  /** The reply without param and callId. */
  readonly whole: Parts
}

const beginnings = new Map<string, Beginning>()

/**
 * The same as `encode`, for what is sent often. Most events have one info, so how their replies begin is kept as bytes: to make UTF-8 of
 * Chinese text takes longer than all the rest.
 * @throws as `encode`
 */
export function encodeParts(status: number, event: string, info: string, param?: unknown, callId?: CallId): Parts {
  const beginning = beginnings.get(event) ?? keep(status, event, info)
  if (beginning?.info !== info || beginning.status !== status) {
    return { head: headOf(status, event, info), tail: tailOf(param, callId) }
  }
  if (param === undefined && callId === undefined) return beginning.whole
  return { head: beginning.head, tail: tailOf(param, callId) }
}

/** Only so many, up to so long: an event or an info may come from a client. */
function keep(status: number, event: string, info: string): Beginning | undefined {
  if (beginnings.size >= MOST_QUOTED || event.length > LONGEST_QUOTED || info.length > LONGEST_QUOTED) return undefined
  const head = Buffer.from(headOf(status, event, info))
  const beginning = { status, info, head, whole: { head: Buffer.concat([head, Buffer.from('}')]), tail: '' } }
  beginnings.set(event, beginning)
  return beginning
}

/** The text of one of the kernel's own replies. */
export function encodeReply(event: ReplyEvent, param?: unknown, callId?: CallId): string {
  const { status, info } = REPLIES[event]
  return encode(status, event, info, param, callId)
}

/** The acknowledgement, which every request gets first. */
export function acknowledgement(callId?: CallId): Parts {
  const { status, info } = REPLIES.receiveMessage
  return encodeParts(status, 'receiveMessage', info, undefined, callId)
}
