import type { Redis } from 'ioredis'
import type { Audience, Bytes } from '../Link/Contract'
import type { Connection } from './Connection'
import type { Hub } from './Hub'
import { SetDeliveries } from './SetDeliveries'

/** Brings the texts of a worker to the sockets: to one, or to all of an audience. */
export class Deliveries {
  readonly #hub: Hub
  readonly #sets: SetDeliveries
  readonly #isRaw: (key: string) => boolean
  #to: Connection | undefined
  #texts: Bytes[] = []

  /** Deliveries since `begin`. */
  count = 0

  /** @param isRaw whether a key is always sent by the set */
  constructor(hub: Hub, redis: Redis, instance: number, isRaw: (key: string) => boolean) {
    this.#hub = hub
    this.#sets = new SetDeliveries(hub, redis, instance)
    this.#isRaw = isRaw
  }

  /** So much waits for sets to be read that nothing should be added for now. */
  get full(): boolean {
    return this.#sets.full
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
      case 'user':
        return this.#each(this.#hub.ofUser(name), except, text)
      case 'port':
        return this.#each(this.#hub.all(), except, text, name)
      case 'all':
        return this.#each(this.#hub.all(), except, text)
    }
  }

  #toGroup(group: string, except: readonly number[], text: Bytes): void {
    const members = this.#hub.members(group)
    if (members === undefined || this.#isRaw(group)) {
      this.#sets.add({ key: group, except, text: Buffer.from(text) })
      this.count++
      return
    }
    if (except.length > 0) return this.#each(members, except, text)
    this.count += members.size
    this.#hub.publish(group, text)
  }

  #each(connections: Iterable<Connection>, except: readonly number[], text: Bytes, port?: string): void {
    for (const connection of connections) {
      if (except.includes(connection.fd) || (port !== undefined && connection.port !== port)) continue
      connection.send(text)
      this.count++
    }
  }
}
