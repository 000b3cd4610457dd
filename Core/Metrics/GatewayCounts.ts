import { CLOSES } from '../Errors'

/** Close codes of the protocol that clients send, or that say how a connection broke. Any other one that a client chooses is `other`. */
const PROTOCOL_CODES = [1000, 1002, 1003, 1005, 1006, 1007, 1011]

const codes = [...PROTOCOL_CODES, ...Object.values(CLOSES).map(({ code }) => code)]
const closed: Record<string, number> = Object.fromEntries([...codes, 'other'].map((code) => [code, 0]))

/**
 * What this gateway has counted since its process started: plain numbers, so that counting costs nothing. They only grow. What they
 * are told apart by is never something that a client chooses.
 */
export const gatewayCounts = {
  /** Connections that were accepted. */
  opened: 0,
  /** By close code, as the server's log names it. */
  closed,
  /** By reason, as the log words it. */
  handshakesRefused: {
    missing: 0,
    undecodable: 0,
    'not an auth object': 0,
    expired: 0,
    'from the future': 0,
    'too many connections of one address': 0,
    'not a WebSocket handshake': 0,
    'the server stops': 0,
    'an error of the server': 0,
  },
  /** Frames of clients, heartbeats not counted. */
  received: 0,
  receivedBytes: 0,
  heartbeats: 0,
  /** Frames handed to sockets, answers to heartbeats not counted. */
  sent: 0,
  sentBytes: 0,
  /** Messages for audiences that came from this gateway's side. */
  broadcasts: { group: 0, user: 0, port: 0, all: 0 },
  /** Frames that messages for audiences, from whatever gateway, became here. */
  deliveries: 0,
  /** Frames that reached nobody. */
  dropped: {
    'slow reader': 0,
    'connection closed': 0,
    'worker out of time': 0,
    'Redis is away': 0,
    'Redis refused': 0,
  },
  /** Frames of clients that the gateway answered 429 or 503. */
  refused: {
    'rate limit': 0,
    max_in_flight: 0,
    'link full': 0,
    'worker lost': 0,
    'no worker': 0,
    'Redis is away': 0,
  },
  envelopesReceived: 0,
  envelopesPublished: 0,
  envelopesDropped: 0,
  /** What Redis was to do and did not: renewals of the lease, records, orders of workers, messages. */
  storeErrors: 0,
}

/** Frames of `bytes` were handed to `count` sockets. */
export function countSent(count: number, bytes: number): void {
  gatewayCounts.sent += count
  gatewayCounts.sentBytes += count * bytes
}

/** A connection has closed. */
export function countClose(code: number): void {
  const key = Object.hasOwn(closed, code) ? code : 'other'
  closed[key] = (closed[key] ?? 0) + 1
}
