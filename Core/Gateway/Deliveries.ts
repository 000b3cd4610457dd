import type { Redis } from 'ioredis'
import { isStoreAway } from '../../Library/Cache/Cache'
import { log } from '../../Library/Log/Log'
import { Tally } from '../../Library/Log/Tally'
import type { Audience, Bytes } from '../Link/Contract'
import { instanceOf, isFd } from '../Record/Keys'
import type { Connection } from './Connection'
import type { Hub } from './Hub'

/** Brings the texts of a worker to the sockets: to one, or to all of an audience. */
export class Deliveries {
  readonly #hub: Hub
  readonly #redis: Redis
  readonly #instance: number
  readonly #isRaw: (key: string) => boolean
  readonly #lost = new Tally<'Redis is away' | 'the key is no set'>((reason, count) => {
    log.error({ reason, count }, 'messages to groups were lost: the Redis set could not be read')
  })
  #to: Connection | undefined
  #texts: Bytes[] = []

  /** Deliveries since `begin`. */
  count = 0

  /** @param isRaw whether a key is always sent by the set */
  constructor(hub: Hub, redis: Redis, instance: number, isRaw: (key: string) => boolean) {
    this.#hub = hub
    this.#redis = redis
    this.#instance = instance
    this.#isRaw = isRaw
  }

  begin(): void {
    this.count = 0
  }

  /** Neighbouring texts for one connection go out in one write: the acknowledgement and the answer, say. */
  send(connection: Connection, text: Bytes): void {
    if (this.#to !== connection) this.flush()
    this.#to = connection
    this.#texts.push(text)
    this.count++
  }

  /** Hands over what `send` has gathered. */
  flush(): void {
    const connection = this.#to
    if (connection === undefined) return
    const [only] = this.#texts
    if (this.#texts.length === 1 && only !== undefined) connection.send(only)
    else connection.sendAll(this.#texts)
    this.#to = undefined
    this.#texts = []
  }

  publish(audience: Audience, name: string, except: readonly number[], text: Bytes): void {
    this.flush()
    switch (audience) {
      case 'group':
        return this.#toGroup(name, except, text)
      case 'user': {
        const [type = '', ...id] = name.split(':')
        return this.#each(this.#hub.ofUser(type, id.join(':')), except, text)
      }
      case 'port':
        return this.#each(this.#hub.all(), except, text, name)
      case 'all':
        return this.#each(this.#hub.all(), except, text)
    }
  }

  #toGroup(group: string, except: readonly number[], text: Bytes): void {
    const members = this.#hub.members(group)
    if (members === undefined || this.#isRaw(group)) {
      this.#toSet(group, except, Buffer.from(text)).catch((error: unknown) =>
        this.#lost.add(isStoreAway(error) ? 'Redis is away' : 'the key is no set'),
      )
      this.count++
      return
    }
    if (except.length > 0) return this.#each(members, except, text)
    this.count += members.size
    this.#hub.publish(group, text)
  }

  /** A set that is filled by hand: read, and sent by fd. A dead fd found there is taken out. */
  async #toSet(key: string, except: readonly number[], text: Buffer): Promise<void> {
    const dead: string[] = []
    for (const member of await this.#redis.smembers(key)) {
      const fd = Number(member)
      if (!isFd(fd) || instanceOf(fd) !== this.#instance) continue
      const connection = this.#hub.get(fd)
      if (connection === undefined) dead.push(member)
      else if (!except.includes(fd)) connection.send(text)
    }
    if (dead.length > 0) await this.#redis.srem(key, ...dead)
  }

  #each(connections: Iterable<Connection>, except: readonly number[], text: Bytes, port?: string): void {
    for (const connection of connections) {
      if (except.includes(connection.fd) || (port !== undefined && connection.port !== port)) continue
      connection.send(text)
      this.count++
    }
  }
}
