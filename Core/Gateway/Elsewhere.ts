import { isStoreAway, StoreAway } from '../../Library/Cache/Cache'
import { deadline } from '../../Library/Deadline'
import { log } from '../../Library/Log/Log'
import { type Answer, STORE_AWAY } from '../Link/Contract'
import { instanceChannel } from '../Record/Keys'
import { isObject } from '../Wire/Protocol'
import type { Bus } from './Bus'
import type { BusAnswer, BusOperation, BusQuestion } from './Envelope'

/** How long the other gateways may take to answer, in milliseconds. */
const ANSWER_MS = 2000

interface Open {
  readonly answers: Answer[]
  /** How many are expected; not known before Redis has said who heard the question. */
  expected: number
  readonly settle: (failure?: Error) => void
}

/** Does what another gateway asks of this one. */
export type Perform = (operation: BusOperation, fd: number, text: string) => Promise<Answer>

/** Questions to the other gateways, and theirs to this one. */
export class Elsewhere {
  readonly #bus: Bus
  readonly #instance: number
  readonly #perform: Perform
  readonly #open = new Map<number, Open>()
  #id = 0

  constructor(bus: Bus, instance: number, perform: Perform) {
    this.#bus = bus
    this.#instance = instance
    this.#perform = perform
  }

  /**
   * Asks everybody who listens to a channel, this gateway too if it does.
   * @returns their answers; none: nobody listens
   * @throws StoreAway when Redis is away or one of them does not answer within 2 s; Error when it could not do it
   */
  async askAll(channel: string, operation: BusOperation, fd: number, text: string): Promise<Answer[]> {
    // The answers would not come; and that nobody heard the question would not mean that nobody is there.
    if (!this.#bus.hears(instanceChannel(this.#instance))) throw new StoreAway('the bus is interrupted')
    const id = ++this.#id
    const answers: Answer[] = []
    let end = () => {}
    const settled = new Promise<void>((resolve, reject) => {
      const settle = (failure?: Error) => (failure ? reject(failure) : resolve())
      this.#open.set(id, { answers, expected: Number.POSITIVE_INFINITY, settle })
      end = deadline(ANSWER_MS, () => reject(new StoreAway('another gateway did not answer in time')))
    })
    settled.catch(() => {}) // looked at below, unless Redis fails first
    try {
      const envelope = { kind: 'question', id, asker: this.#instance, operation, fd, text } as const
      this.#expect(id, await this.#bus.publish(channel, envelope))
      await settled
      return answers
    } finally {
      end()
      this.#open.delete(id)
    }
  }

  /** Asks the gateway of an instance. @returns undefined when there is none @throws as `askAll` */
  async ask(instance: number, operation: BusOperation, fd: number, text: string): Promise<Answer | undefined> {
    const [answer] = await this.askAll(instanceChannel(instance), operation, fd, text)
    return answer
  }

  /** Tells the gateway of an instance to do something; nobody waits for it. */
  tell(instance: number, operation: BusOperation, fd: number, text: string): void {
    this.#bus
      .publish(instanceChannel(instance), { kind: 'question', id: 0, asker: 0, operation, fd, text })
      .catch((error: unknown) => log.warn({ err: error, instance, operation }, 'another gateway could not be told'))
  }

  /** Another gateway wants to know. */
  async asked({ id, asker, operation, fd, text }: BusQuestion): Promise<void> {
    let failure = ''
    let value = ''
    try {
      value = JSON.stringify(await this.#perform(operation, fd, text))
    } catch (error) {
      failure = isStoreAway(error) ? STORE_AWAY : String(error)
    }
    if (id === 0) {
      if (failure !== '') log.warn({ fd, operation, failure }, 'what another gateway wanted could not be done')
      return
    }
    // Who asked gives up by itself when this fails.
    this.#bus.publish(instanceChannel(asker), { kind: 'answer', id, failure, value }).catch(() => {})
  }

  answered({ id, failure, value }: BusAnswer): void {
    const open = this.#open.get(id)
    if (open === undefined) return // too late
    if (failure !== '') return open.settle(failure === STORE_AWAY ? new StoreAway() : new Error(failure))
    const answer = readAnswer(value)
    if (answer === undefined) return open.settle(new Error('another gateway answered what is no answer'))
    open.answers.push(answer)
    if (open.answers.length >= open.expected) open.settle()
  }

  #expect(id: number, count: number): void {
    const open = this.#open.get(id)
    if (open === undefined) return
    open.expected = count
    if (open.answers.length >= count) open.settle()
  }
}

function readAnswer(json: string): Answer | undefined {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return undefined
  }
  if (typeof value === 'boolean' || typeof value === 'number') return value
  if (!isObject(value)) return undefined
  const { targeted, delivered, dropped } = value
  if (typeof targeted !== 'number' || typeof delivered !== 'number' || typeof dropped !== 'number') return undefined
  return { targeted, delivered, dropped }
}
