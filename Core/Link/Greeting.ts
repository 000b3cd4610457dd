import { timingSafeEqual } from 'node:crypto'
import { BrokenRecord, type Fields, type Handle, type RecordWriter } from './Records'

/** Changes whenever gateway and worker would misunderstand each other: a worker of new code then cannot join by a reload. */
export const LINK_VERSION = 2

const GREETING = 64
const WELCOME = 65

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

/** @returns a handler that tells of the welcome, and passes everything else on */
export function untilWelcome(welcomed: (instance: number) => void, handle: Handle): Handle {
  return (type, subject, fields) => (type === WELCOME ? welcomed(subject) : handle(type, subject, fields))
}
