/**
 * The seam between gateway and worker, which know nothing else of each other. Both directions are calls that return nothing: a
 * record is written, gathered with its neighbours, and read on the other side in the order it was written.
 *
 * - A connection is served by one worker at a time. `attach` comes before the first of its records to a worker.
 * - `message` and `close` are turns: the worker takes those of one connection one at a time, in order, and answers a `message` with
 *   one `done` (`last` on a `send` is that `done`), a `close` with one `closed`. A `close` drops the turns that have not begun.
 * - `ask` is answered by one `answer` with its number.
 */

/** Bytes of a frame or text; valid only while the call lasts that handed them over. */
export type Bytes = Buffer | string

/** What a worker must know of a connection that it has not seen. */
export interface Attachment {
  readonly port: string
  readonly ip: string
  /** The user as the gateway verified it, as JSON; empty: nobody known. */
  readonly auth: string
  /** Slot name to JSON text, as JSON; empty: none. */
  readonly session: string
}

/** From gateway to worker. */
export interface ToWorker {
  attach(fd: number, attachment: Attachment): void
  message(fd: number, frame: Bytes): void
  /** The connection has ended; `controllers` asked to be told. */
  close(fd: number, code: number, controllers: readonly string[]): void
  answer(id: number, failure: string, value: string): void
}

/** Whom a `publish` is for. `group` is a Redis key: a group, or a set that is filled by hand. */
export type Audience = 'group' | 'user' | 'port' | 'all'

/**
 * What a worker asks and gets an answer to. The text of a question is the group, key, controller or port; of `kick` and `report` it
 * is JSON (`Kick`, `Announcement`). The value of an answer is JSON: whether the connection was there; of `kick` and `count` a number,
 * of `report` an `Outcome`.
 */
export type Operation =
  | 'join'
  | 'leave'
  | 'addCloseKey'
  | 'removeCloseKey'
  | 'addController'
  | 'removeController'
  | 'kick'
  | 'count'
  | 'report'

/** Whom a `kick` is for: an fd, or a group. */
export interface Kick {
  readonly target: number | string
  readonly code: number
  readonly reason: string
}

/** The text of an announcement that is not sent: who would get it is only counted. */
export const COUNT_ONLY = ''

/** A message of which the sender wants to know whom it reached. */
export interface Announcement {
  readonly target: { readonly fd: number } | { readonly audience: Audience; readonly name: string }
  readonly except: readonly number[]
  readonly text: string
}

/** Whom a message reached: `targeted` is `delivered`, handed to the connection's socket, and `dropped`. */
export interface Outcome {
  readonly targeted: number
  readonly delivered: number
  readonly dropped: number
}

/** What a question is answered with. */
export type Answer = boolean | number | Outcome

/** From worker to gateway. */
export interface ToGateway {
  /** @param tail what comes right behind `text`; who reads the link gets both as one */
  send(fd: number, text: Bytes, last: boolean, tail?: string): void
  /** @param from the fd whose call sends this: it is answered 503 if the message cannot be sent; 0 outside of a call */
  publish(audience: Audience, name: string, except: readonly number[], from: number, text: Bytes, tail?: string): void
  end(fd: number, code: number, reason: string): void
  /** Keeps `json` in a slot of the connection's session; empty: clears the slot. */
  session(fd: number, slot: string, json: string): void
  done(fd: number): void
  /** The hook of a controller that asked to be told of the close has returned. */
  told(fd: number, controller: string): void
  /** The turn of `close` is over; the worker has forgotten the connection. */
  closed(fd: number): void
  ask(id: number, operation: Operation, fd: number, text: string): void
}

/** The side of a link that its owner writes to. */
export type Outgoing<Contract> = Contract & {
  /** Bytes that have been written and not yet handled. */
  readonly waiting: number
}

/** One side's turns at reading a link: how much it may do in one; see rule 6. */
export interface Turns {
  beginTurn(): void
  /** The turn has done enough: what else there is waits for the next one. */
  spent(): boolean
  /** The records of this turn, and the bytes in them, are over. */
  endTurn(): void
}

/** Failures that an `answer` names. */
export const STORE_AWAY = 'store away'
