import type { Redis } from 'ioredis'
import { ioredis } from './ioredis'
import type { ClientOptions } from './Options'
import { lookAgain } from './Pauses'

/** How often a subscriber asks whether anybody is there, in milliseconds. */
const PING_MS = 5000

/**
 * A Redis client for SUBSCRIBE that reconnects by itself and then has its channels again. What was published meanwhile is lost; a
 * `ready` after a `close` is where the gap was. `disconnect()` ends it for good, with `true` only its connection.
 *
 * A SUBSCRIBE while Redis is away waits until it is back: bound the wait yourself, and do not ask twice for one channel.
 */
export type Subscriber = Redis

let Made: ReturnType<typeof define> | undefined

export function openSubscriber(options: ClientOptions): Subscriber {
  Made ??= define()
  return new Made(options)
}

/** The class, which cannot be made before ioredis is loaded. */
function define() {
  return class extends ioredis().Redis {
    readonly #pings: NodeJS.Timeout

    constructor(options: ClientOptions) {
      super(options)
      this.on('connect', () => lookAgain(this.stream))
      // A subscriber only listens, so it would never miss a peer that vanished without a word. An unanswered ping ends the connection.
      this.#pings = setInterval(() => {
        if (this.status === 'ready') this.ping().catch(ignore)
      }, PING_MS)
      this.once('end', () => clearInterval(this.#pings))
    }

    override disconnect(reconnect = false): void {
      // While it waits for its next attempt there is no connection whose end could be told.
      if (!reconnect) clearInterval(this.#pings)
      super.disconnect(reconnect)
    }

    override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
      const answer = super.sendCommand(...args)
      // After a reconnect ioredis subscribes by itself and forgets the promise: when that connection ends, its rejection is nobody's and
      // would end the process. Who awaits a command still sees it fail.
      if (answer instanceof Promise) answer.catch(ignore)
      return answer
    }
  }
}

/** For promises whose failure the events of the connection tell. */
function ignore(): void {}
