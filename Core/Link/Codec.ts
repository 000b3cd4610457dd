import type { Attachment, Audience, Bytes, Operation, Outgoing, ToGateway, ToWorker } from './Contract'
import { BrokenRecord, type Fields, type Handle, type RecordWriter } from './Records'

// The types of records. A number is never used again for something else: the greeting compares versions, not these.
const ATTACH = 1
const MESSAGE = 2
const CLOSE = 3
const ANSWER = 4
const SEND = 16
const PUBLISH = 17
const END = 18
const SESSION = 19
const DONE = 20
const TOLD = 21
const CLOSED = 22
const ASK = 23

/** The most fds that a publish can leave out, or controllers that a close can name. */
const MOST = 100_000

const AUDIENCES: readonly Audience[] = ['group', 'user', 'port', 'all']
const OPERATIONS: readonly Operation[] = [
  'join',
  'leave',
  'addCloseKey',
  'removeCloseKey',
  'addController',
  'removeController',
  'kick',
  'count',
  'report',
]

function pick<T>(list: readonly T[], index: number, what: string): T {
  const item = list[index]
  if (item === undefined) throw new BrokenRecord(`no ${what} has the number ${index}`)
  return item
}

function list<T>(fields: Fields, read: () => T): T[] {
  return Array.from({ length: Math.min(fields.number(), MOST) }, read)
}

/** One direction of a link, as the side that writes sees it. */
export interface Channel {
  readonly writer: RecordWriter
  readonly waiting: number
  /** A record has been written. */
  wrote(): void
}

/** Writes what the gateway tells a worker as records. */
export class WorkerRecords implements Outgoing<ToWorker> {
  readonly #channel: Channel
  readonly #writer: RecordWriter

  constructor(channel: Channel) {
    this.#channel = channel
    this.#writer = channel.writer
  }

  get waiting(): number {
    return this.#channel.waiting
  }

  attach(fd: number, { port, ip, auth, session }: Attachment): void {
    this.#writer.begin(ATTACH, fd).text(port).text(ip).text(auth).end(session)
    this.#channel.wrote()
  }

  message(fd: number, frame: Bytes): void {
    this.#writer.begin(MESSAGE, fd).end(frame)
    this.#channel.wrote()
  }

  close(fd: number, code: number, controllers: readonly string[]): void {
    const named = controllers.slice(0, MOST)
    const writer = this.#writer.begin(CLOSE, fd).number(code).number(named.length)
    for (const name of named) writer.text(name)
    writer.end()
    this.#channel.wrote()
  }

  answer(id: number, failure: string, value: string): void {
    this.#writer.begin(ANSWER, id).text(failure).end(value)
    this.#channel.wrote()
  }
}

/** @returns what hands the records of a gateway to `worker` */
export function readForWorker(worker: ToWorker): Handle {
  return (type, subject, fields) => {
    switch (type) {
      case ATTACH:
        return worker.attach(subject, {
          port: fields.text(),
          ip: fields.text(),
          auth: fields.text(),
          session: fields.restText(),
        })
      case MESSAGE:
        return worker.message(subject, fields.restText())
      case CLOSE:
        return worker.close(
          subject,
          fields.number(),
          list(fields, () => fields.text()),
        )
      case ANSWER:
        return worker.answer(subject, fields.text(), fields.restText())
      default:
        throw new BrokenRecord(`no record to a worker has the type ${type}`)
    }
  }
}

/** Writes what a worker tells the gateway as records. */
export class GatewayRecords implements Outgoing<ToGateway> {
  readonly #channel: Channel
  readonly #writer: RecordWriter
  /** Where the newest record starts if it is a `send` that does not yet end its turn, else -1; and whose it is. */
  #openSend = -1
  #openSendFd = 0

  constructor(channel: Channel) {
    this.#channel = channel
    this.#writer = channel.writer
  }

  get waiting(): number {
    return this.#channel.waiting
  }

  /** The writer was emptied: what it held can no longer be changed. */
  taken(): void {
    this.#openSend = -1
  }

  send(fd: number, text: Bytes, last: boolean, tail = ''): void {
    const start = this.#writer.size
    this.#writer.begin(SEND, fd).flag(last).end(text, tail)
    this.#channel.wrote()
    this.#openSend = last ? -1 : start
    this.#openSendFd = fd
  }

  done(fd: number): void {
    if (this.#openSend >= 0 && this.#openSendFd === fd) {
      this.#writer.setFlag(this.#openSend)
      this.#openSend = -1
      return
    }
    this.#write(DONE, fd)
  }

  publish(audience: Audience, name: string, except: readonly number[], from: number, text: Bytes, tail = ''): void {
    if (except.length > MOST) {
      throw new RangeError(`a message can leave out ${MOST} connections at most, not ${except.length}`)
    }
    const writer = this.#writer.begin(PUBLISH, AUDIENCES.indexOf(audience)).text(name).number(except.length)
    for (const fd of except) writer.number(fd)
    writer.number(from).end(text, tail)
    this.#closeSend()
  }

  end(fd: number, code: number, reason: string): void {
    this.#writer.begin(END, fd).number(code).end(reason)
    this.#closeSend()
  }

  session(fd: number, slot: string, json: string): void {
    this.#writer.begin(SESSION, fd).text(slot).end(json)
    this.#closeSend()
  }

  told(fd: number, controller: string): void {
    this.#writer.begin(TOLD, fd).end(controller)
    this.#closeSend()
  }

  closed(fd: number): void {
    this.#write(CLOSED, fd)
  }

  ask(id: number, operation: Operation, fd: number, text: string): void {
    this.#writer.begin(ASK, id).number(OPERATIONS.indexOf(operation)).number(fd).end(text)
    this.#closeSend()
  }

  #write(type: number, fd: number): void {
    this.#writer.begin(type, fd).end()
    this.#closeSend()
  }

  #closeSend(): void {
    this.#openSend = -1
    this.#channel.wrote()
  }
}

/** @returns what hands the records of a worker to `gateway` */
export function readForGateway(gateway: ToGateway): Handle {
  return (type, subject, fields) => {
    switch (type) {
      case SEND: {
        const last = fields.flag()
        return gateway.send(subject, fields.rest(), last)
      }
      case PUBLISH: {
        const name = fields.text()
        const except = list(fields, () => fields.number())
        return gateway.publish(pick(AUDIENCES, subject, 'audience'), name, except, fields.number(), fields.rest())
      }
      case END:
        return gateway.end(subject, fields.number(), fields.restText())
      case SESSION:
        return gateway.session(subject, fields.text(), fields.restText())
      case DONE:
        return gateway.done(subject)
      case TOLD:
        return gateway.told(subject, fields.restText())
      case CLOSED:
        return gateway.closed(subject)
      case ASK: {
        const operation = pick(OPERATIONS, fields.number(), 'operation')
        return gateway.ask(subject, operation, fields.number(), fields.restText())
      }
      default:
        throw new BrokenRecord(`no record to a gateway has the type ${type}`)
    }
  }
}
