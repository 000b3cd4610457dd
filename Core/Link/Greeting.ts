import { timingSafeEqual } from 'node:crypto'
import { BrokenRecord, type Fields, type Handle, type RecordWriter } from './Records'

/** Changes whenever gateway and worker would misunderstand each other: a worker of new code then cannot join by a reload. */
export const LINK_VERSION = 2

const GREETING = 64
const WELCOME = 65
const REFUSAL = 66

/** The direction of a socket, as the worker sees it. */
export type Way = 'up' | 'down'

/** The first record on each socket of a link, from the worker. */
export interface Greeting {
  readonly secret: string
  /** The number of the worker: no other one ever had it. */
  readonly worker: number
  readonly pid: number
  readonly way: Way
}

export function writeGreeting(writer: RecordWriter, { secret, worker, pid, way }: Greeting): void {
  writer.begin(GREETING, LINK_VERSION).text(secret).number(worker).number(pid).end(way)
}

/** @throws BrokenRecord when it is none, of another version, or does not know the secret */
export function readGreeting(type: number, version: number, fields: Fields, secret: string): Greeting {
  if (type !== GREETING) throw new BrokenRecord('the first record is no greeting')
  if (version !== LINK_VERSION) {
    throw new BrokenRecord(
      `the worker speaks version ${version} of the link, this gateway ${LINK_VERSION}: use restart`,
    )
  }
  const given = Buffer.from(fields.text())
  const known = Buffer.from(secret)
  if (given.length !== known.length || !timingSafeEqual(given, known)) throw new BrokenRecord('the secret is wrong')
  const worker = fields.number()
  const pid = fields.number()
  const way = fields.restText()
  if (way !== 'up' && way !== 'down') throw new BrokenRecord(`there is no way ${way}`)
  return { secret, worker, pid, way }
}

/** The gateway's answer, when both sockets have greeted: the number of its instance, which its fds begin with. */
export function writeWelcome(writer: RecordWriter, instance: number): void {
  writer.begin(WELCOME, instance).end()
}

/** The gateway's answer to somebody whom it does not take. @param reason for people */
export function writeRefusal(writer: RecordWriter, reason: string): void {
  writer.begin(REFUSAL, LINK_VERSION).end(reason)
}

/** What a worker does with the answer to its greeting. */
export interface Answered {
  /** @param instance what the fds of the gateway begin with */
  welcomed(instance: number): void
  refused(reason: string): void
}

/** @returns a handler that tells of the answer to the greeting, and passes everything else on */
export function hearAnswer(answered: Answered, handle: Handle): Handle {
  return (type, subject, fields) => {
    if (type === WELCOME) answered.welcomed(subject)
    else if (type === REFUSAL) answered.refused(fields.restText())
    else handle(type, subject, fields)
  }
}
