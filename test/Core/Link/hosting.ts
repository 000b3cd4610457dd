import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Audience, Bytes, Operation, ToGateway, Turns } from '../../../Core/Link/Contract'
import type { BrokenRecord } from '../../../Core/Link/Records'
import { type Host, type Joined, LinkServer } from '../../../Core/Link/Socket'
import { Inbox } from '../../support/inbox'

export const SECRET = 'a secret of the tests'

/** What a worker said, with its text as text. */
export interface Said {
  readonly what: string
  readonly fd: number
  readonly text: string
}

/** A gateway's end of the link that writes down what it is told, at most `most` records a turn. */
export class Listener implements ToGateway, Turns {
  readonly said = new Inbox<Said>('record')
  /** How many records each turn brought. */
  readonly turns: number[] = []
  readonly #most: number
  #count = 0

  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most
  }

  beginTurn(): void {
    this.#count = 0
  }
  spent(): boolean {
    return this.#count >= this.#most
  }
  endTurn(): void {
    if (this.#count > 0) this.turns.push(this.#count)
  }
  send(fd: number, text: Bytes, last: boolean): void {
    this.#add({ what: last ? 'last' : 'send', fd, text: text.toString() })
  }
  publish(audience: Audience, name: string, except: readonly number[], _from: number, text: Bytes): void {
    this.#add({ what: `${audience} ${name} but ${except}`, fd: 0, text: text.toString() })
  }
  end(fd: number, code: number, reason: string): void {
    this.#add({ what: `end ${code}`, fd, text: reason })
  }
  session(fd: number, slot: string, json: string): void {
    this.#add({ what: `session ${slot}`, fd, text: json })
  }
  done(fd: number): void {
    this.#add({ what: 'done', fd, text: '' })
  }
  told(fd: number, controller: string): void {
    this.#add({ what: 'told', fd, text: controller })
  }
  closed(fd: number): void {
    this.#add({ what: 'closed', fd, text: '' })
  }
  ask(id: number, operation: Operation, fd: number, text: string): void {
    this.#add({ what: `ask ${id} ${operation}`, fd, text })
  }

  #add(said: Said): void {
    this.#count++
    this.said.add(said)
  }
}

/** What happened to the host, in order. */
export interface Event {
  readonly event: 'joined' | 'lost' | 'refused'
  readonly id?: number
  readonly reason?: string | undefined
  /** How many records had come by then. */
  readonly records: number
}

/** A gateway's side of the link on a socket of its own. */
export class Hosting implements Host {
  readonly instance = 7
  readonly events = new Inbox<Event>('event')
  readonly listener: Listener
  readonly workers: Joined[] = []
  readonly path: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'mswoole-link-'))
  readonly #server = new LinkServer(SECRET, this)

  private constructor(listener: Listener) {
    this.listener = listener
    this.path = join(this.#folder, 'link.sock')
  }

  static async open(listener = new Listener()): Promise<Hosting> {
    const hosting = new Hosting(listener)
    await hosting.#server.listen(hosting.path)
    return hosting
  }

  joined(worker: Joined): Listener {
    this.workers.push(worker)
    this.#add({ event: 'joined', id: worker.id })
    return this.listener
  }

  lost(id: number, failure?: BrokenRecord): void {
    this.#add({ event: 'lost', id, reason: failure?.message })
  }

  refused(reason: string): void {
    this.#add({ event: 'refused', reason })
  }

  next(event: Event['event'], deadlineMs?: number): Promise<Event> {
    return this.events.next((one) => one.event === event, deadlineMs)
  }

  close(): void {
    this.#server.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #add(event: Omit<Event, 'records'>): void {
    this.events.add({ ...event, records: this.listener.said.all.length })
  }
}
