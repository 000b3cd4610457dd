import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { isStoreAway } from '../../Library/Cache/Cache'
import { log } from '../../Library/Log/Log'
import { Tally } from '../../Library/Log/Tally'
import { instanceOf, isFd } from '../Record/Keys'
import type { Hub } from './Hub'

/** Frames that one turn hands to sockets. */
const TURN = 5000

/** Neighbouring messages to one set that share one reading of it. */
const BATCH = 64

/** What may wait, in messages and in bytes; beyond it the worker waits. */
const MOST_MESSAGES = 1000
const MOST_BYTES = 4 * 1024 * 1024

interface Message {
  readonly key: string
  readonly except: readonly number[]
  readonly text: Buffer
}

/** Messages to sets that are filled by hand: the set is read, and sent to by fd, in order. A dead fd found there is taken out. */
export class SetDeliveries {
  readonly #hub: Hub
  readonly #redis: Redis
  readonly #instance: number
  readonly #lost = new Tally<'Redis is away' | 'the key is no set'>((reason, count) => {
    log.error({ reason, count }, 'messages to groups were lost: the Redis set could not be read')
  })
  #waiting: Message[] = []
  #bytes = 0
  #running = false

  constructor(hub: Hub, redis: Redis, instance: number) {
    this.#hub = hub
    this.#redis = redis
    this.#instance = instance
  }

  /** So much waits that nothing should be added for now. */
  get full(): boolean {
    return this.#waiting.length >= MOST_MESSAGES || this.#bytes >= MOST_BYTES
  }

  add(message: Message): void {
    this.#waiting.push(message)
    this.#bytes += message.text.length
    if (!this.#running) this.#run()
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#waiting.length > 0) {
      const batch = this.#take()
      const [{ key } = { key: '' }] = batch
      try {
        await this.#send(key, batch)
      } catch (error) {
        const reason = isStoreAway(error) ? 'Redis is away' : 'the key is no set'
        this.#lost.add(reason, batch.length)
      }
    }
    this.#running = false
  }

  #take(): Message[] {
    const [first] = this.#waiting
    const other = this.#waiting.findIndex(({ key }) => key !== first?.key)
    const batch = this.#waiting.splice(0, Math.min(other < 0 ? BATCH : other, BATCH))
    for (const { text } of batch) this.#bytes -= text.length
    return batch
  }

  async #send(key: string, batch: readonly Message[]): Promise<void> {
    const dead: string[] = []
    let sent = 0
    for (const member of await this.#redis.smembers(key)) {
      const fd = Number(member)
      if (!isFd(fd) || instanceOf(fd) !== this.#instance) continue
      const connection = this.#hub.get(fd)
      if (connection === undefined) {
        dead.push(member)
        continue
      }
      const texts = batch.flatMap(({ except, text }) => (except.includes(fd) ? [] : text))
      connection.sendAll(texts)
      sent += texts.length
      if (sent < TURN) continue
      sent = 0
      await nextTurn()
    }
    if (dead.length > 0) await this.#redis.srem(key, ...dead)
  }
}
