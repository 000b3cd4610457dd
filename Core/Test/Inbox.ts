import { decode } from '../Wire/Protocol'
import { type Frame, Frames } from './Frames'

/** What the calls of a test are numbered with. */
const MARK = 'test call '

interface Call {
  /** Which frame of the connection it was; the first one is 1. */
  readonly number: number
  readonly settle: (frame: Frame | undefined) => void
}

/** What comes to one client: replies go to the calls that they answer. */
export class Inbox {
  readonly frames = new Frames()
  readonly #calls = new Map<string, Call>()
  #count = 0

  /** @param number which frame of the connection the call is @returns its callId, and its reply; undefined after `end` */
  expect(number: number): { callId: string; reply: Promise<Frame | undefined> } {
    const callId = `${MARK}${++this.#count}`
    const reply = new Promise<Frame | undefined>((settle) => this.#calls.set(callId, { number, settle }))
    return { callId, reply }
  }

  /** A text has come. */
  take(text: string): void {
    const frame = decode(text)
    if (!isFrame(frame)) return // the answer to a heartbeat
    if (typeof frame.callId === 'string' && frame.callId.startsWith(MARK)) this.#answer(frame.callId, frame)
    else this.frames.add(frame, this.#refuse(frame))
  }

  /** Nothing will come any more. */
  end(): void {
    this.frames.end()
    for (const callId of this.#calls.keys()) this.give(callId, undefined)
  }

  /** Ends the waiting for a reply. */
  give(callId: string, frame: Frame | undefined): void {
    this.#calls.get(callId)?.settle(frame)
    this.#calls.delete(callId)
  }

  #answer(id: string, { callId: _, ...frame }: Frame): void {
    if (frame.event === 'receiveMessage') return // everybody gets it
    this.frames.add(frame, this.#calls.has(id))
    this.give(id, frame)
  }

  /** A 429 or 503 of the gateway names frames by their numbers. @returns whether it answers a call */
  #refuse(frame: Frame): boolean {
    const { from, count } = Object(frame.param)
    if ((frame.status !== 429 && frame.status !== 503) || typeof from !== 'number') return false
    const refused = [...this.#calls].filter(([, { number }]) => number >= from && number < from + count)
    for (const [callId] of refused) this.give(callId, frame)
    return refused.length > 0
  }
}

const isFrame = (value: object | undefined): value is Frame => value !== undefined && 'status' in value
