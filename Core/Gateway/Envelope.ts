import type { Audience, Bytes, Operation } from '../Link/Contract'
import { BrokenRecord, Fields, RecordWriter } from '../Link/Records'

/**
 * What one gateway tells others over Redis: one record, whose subject is the version of these shapes. A gateway drops what it does
 * not know, so changed shapes want a new version.
 */
export const BUS_VERSION = 1

/** A message for an audience, in the gateways that hear it. */
export interface Broadcast {
  readonly kind: 'broadcast'
  readonly audience: Audience
  readonly name: string
  readonly except: readonly number[]
  readonly text: Bytes
}

/** A message for some connections of one gateway: those which it found in a set. */
export interface Letter {
  readonly kind: 'letter'
  /** The set; fds that are dead are taken out of it. Empty: there is none. */
  readonly key: string
  readonly fds: readonly number[]
  readonly text: Bytes
}

/** What gateways ask each other: what workers ask, and a little more. */
export type BusOperation = Operation | 'isOpen' | 'kickThese' | 'reportThese'

export interface BusQuestion {
  readonly kind: 'question'
  readonly id: number
  /** Who wants the answer; 0 with an id of 0: nobody. */
  readonly asker: number
  readonly operation: BusOperation
  readonly fd: number
  readonly text: string
}

export interface BusAnswer {
  readonly kind: 'answer'
  readonly id: number
  readonly failure: string
  /** JSON. */
  readonly value: string
}

export type Envelope = Broadcast | Letter | BusQuestion | BusAnswer

// The types of records; a number is never used again for something else.
const BROADCAST = 1
const LETTER = 2
const QUESTION = 3
const ANSWER = 4

const AUDIENCES: readonly Audience[] = ['group', 'user', 'port', 'all']
const OPERATIONS: readonly BusOperation[] = [
  'join',
  'leave',
  'addCloseKey',
  'removeCloseKey',
  'addController',
  'removeController',
  'kick',
  'count',
  'report',
  'isOpen',
  'kickThese',
  'reportThese',
]

/** Length, type and subject of a record. */
const HEAD = 4 + 1 + 8

const writer = new RecordWriter()
let spare: Buffer | undefined

/** @returns bytes of their own @throws RangeError when they are too many */
export function encodeEnvelope(envelope: Envelope): Buffer {
  write(envelope)
  const written = writer.take(spare)
  spare = Buffer.from(written.buffer)
  return Buffer.from(written)
}

function write(envelope: Envelope): void {
  switch (envelope.kind) {
    case 'broadcast': {
      const { audience, name, except, text } = envelope
      writer.begin(BROADCAST, BUS_VERSION).number(AUDIENCES.indexOf(audience)).text(name)
      writeFds(except)
      return writer.end(text)
    }
    case 'letter':
      writer.begin(LETTER, BUS_VERSION).text(envelope.key)
      writeFds(envelope.fds)
      return writer.end(envelope.text)
    case 'question': {
      const { id, asker, operation, fd, text } = envelope
      writer.begin(QUESTION, BUS_VERSION).number(id).number(asker)
      return writer.number(OPERATIONS.indexOf(operation)).number(fd).end(text)
    }
    case 'answer':
      return writer.begin(ANSWER, BUS_VERSION).number(envelope.id).text(envelope.failure).end(envelope.value)
  }
}

/**
 * Reads what came over the bus. A text in it is a view of `bytes`.
 * @throws BrokenRecord when it is none, or of another version
 */
export function decodeEnvelope(bytes: Buffer): Envelope {
  if (bytes.length < HEAD || bytes.readUInt32LE(0) !== bytes.length - 4) throw new BrokenRecord('no envelope')
  const version = bytes.readDoubleLE(5)
  if (version !== BUS_VERSION) throw new BrokenRecord('another version of the bus')
  const fields = new Fields().over(bytes, HEAD, bytes.length)
  switch (bytes[4]) {
    case BROADCAST: {
      const audience = pick(AUDIENCES, fields.number())
      return { kind: 'broadcast', audience, name: fields.text(), except: readFds(fields), text: fields.rest() }
    }
    case LETTER:
      return { kind: 'letter', key: fields.text(), fds: readFds(fields), text: fields.rest() }
    case QUESTION: {
      const id = fields.number()
      const asker = fields.number()
      const operation = pick(OPERATIONS, fields.number())
      return { kind: 'question', id, asker, operation, fd: fields.number(), text: fields.restText() }
    }
    case ANSWER:
      return { kind: 'answer', id: fields.number(), failure: fields.text(), value: fields.restText() }
    default:
      throw new BrokenRecord('no envelope')
  }
}

function writeFds(fds: readonly number[]): void {
  writer.number(fds.length)
  for (const fd of fds) writer.number(fd)
}

/** Reading beyond the end throws, so a count that is none costs nothing. */
function readFds(fields: Fields): number[] {
  const count = fields.number()
  if (!Number.isSafeInteger(count) || count < 0) throw new BrokenRecord('no envelope')
  const fds: number[] = []
  while (fds.length < count) fds.push(fields.number())
  return fds
}

function pick<T>(list: readonly T[], index: number): T {
  const item = list[index]
  if (item === undefined) throw new BrokenRecord('no envelope')
  return item
}
