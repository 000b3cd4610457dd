import { encode } from '../Resp'
import { compileGlob } from './Glob'

/** Takes text that was encoded for the wire. Must never throw. */
export interface Subscriber {
  push(text: string): void
}

interface Pattern {
  readonly matches: (channel: string) => boolean
  readonly subscribers: Set<Subscriber>
}

/** Who listens to which channel or pattern. */
export class PubSub {
  readonly #channels = new Map<string, Set<Subscriber>>()
  readonly #patterns = new Map<string, Pattern>()

  subscribe(channel: string, subscriber: Subscriber): void {
    const subscribers = this.#channels.get(channel)
    if (subscribers === undefined) this.#channels.set(channel, new Set([subscriber]))
    else subscribers.add(subscriber)
  }

  unsubscribe(channel: string, subscriber: Subscriber): void {
    const subscribers = this.#channels.get(channel)
    subscribers?.delete(subscriber)
    if (subscribers?.size === 0) this.#channels.delete(channel)
  }

  subscribePattern(pattern: string, subscriber: Subscriber): void {
    const known = this.#patterns.get(pattern)
    if (known !== undefined) known.subscribers.add(subscriber)
    else this.#patterns.set(pattern, { matches: compileGlob(pattern), subscribers: new Set([subscriber]) })
  }

  unsubscribePattern(pattern: string, subscriber: Subscriber): void {
    const known = this.#patterns.get(pattern)
    known?.subscribers.delete(subscriber)
    if (known?.subscribers.size === 0) this.#patterns.delete(pattern)
  }

  /** Returns how often the message was delivered. It is encoded once, however many listen. */
  publish(channel: string, message: string): number {
    let count = deliver(this.#channels.get(channel), ['message', channel, message])
    for (const [pattern, { matches, subscribers }] of this.#patterns) {
      if (matches(channel)) count += deliver(subscribers, ['pmessage', pattern, channel, message])
    }
    return count
  }
}

function deliver(subscribers: ReadonlySet<Subscriber> | undefined, message: string[]): number {
  if (subscribers === undefined) return 0
  const text = encode(message)
  for (const subscriber of subscribers) subscriber.push(text)
  return subscribers.size
}
