import type { Redis } from 'ioredis'
import { type CacheConnection, checkConnection, commandOptions, subscriberOptions } from './Options'
import { logOutages } from './Outage'
import { openClient } from './Pauses'
import { StoreAway } from './StoreAway'
import { openSubscriber, type Subscriber } from './Subscriber'

export type { Redis } from 'ioredis'
export type { CacheConnection } from './Options'
export { isStoreAway, StoreAway } from './StoreAway'
export type { Subscriber } from './Subscriber'

/**
 * The Redis clients of a process, by the name of their connection in Config/cache.ts.
 *
 * A client from `get` never waits for Redis: a command fails at once while there is no connection and after 0.5 s when Redis is
 * silent, always with an error that `isStoreAway` knows; it connects again by itself. A blocking command (BLPOP) therefore needs a
 * connection of its own. A prefix stands before keys, not before channels or patterns.
 */
class Connections {
  readonly #connections = new Map<string, CacheConnection>()
  readonly #clients = new Map<string, Redis>()
  #closed = false
  #closing: Promise<unknown> = Promise.resolve()

  /**
   * Says where the Redis servers are; nothing is connected yet. Replaces what was configured before.
   * @throws TypeError for a connection that cannot be right, Error while clients are open
   */
  configure(connections: Readonly<Record<string, CacheConnection>>): void {
    if (this.#clients.size > 0) throw new Error('cache: close() comes before another configure(), clients are open')
    for (const [name, connection] of Object.entries(connections)) checkConnection(name, connection)
    this.#connections.clear()
    for (const [name, connection] of Object.entries(connections)) this.#connections.set(name, connection)
    this.#closed = false
  }

  /**
   * The shared client of a connection, made at its first use. It connects in the background: `ready` waits for that.
   * @throws Error for a name that is not configured, StoreAway after `close`
   */
  get(name: string): Redis {
    const open = this.#clients.get(name)
    if (open) return open
    const client = openClient(commandOptions(this.#connection(name)))
    logOutages(client, name)
    this.#clients.set(name, client)
    return client
  }

  /**
   * A new client for SUBSCRIBE alone. It reconnects and subscribes again by itself; who asked for it ends it, with `disconnect()`.
   * @throws as `get`
   */
  subscriber(name: string): Subscriber {
    const client = openSubscriber(subscriberOptions(this.#connection(name)))
    logOutages(client, `${name} subscriber`)
    return client
  }

  /**
   * Resolves when the client of this name can take commands, at once if it can now.
   * @throws as `get`; rejects with StoreAway after `timeoutMs` milliseconds, with the last error of the connection as its cause
   */
  async ready(name: string, timeoutMs: number): Promise<void> {
    const client = this.get(name)
    if (client.status === 'ready') return
    let cause: unknown
    let give: NodeJS.Timeout | undefined
    const off: (() => void)[] = []
    const on = (event: string, listener: (argument: unknown) => void) => {
      client.on(event, listener)
      off.push(() => client.off(event, listener))
    }
    const waiting = new Promise<void>((resolve, reject) => {
      const fail = (why: string) => reject(new StoreAway(`Redis "${name}" ${why}`, { cause }))
      on('ready', () => resolve())
      on('error', (error) => {
        cause = error
      })
      on('end', () => fail('was closed'))
      give = setTimeout(() => fail(`was not ready within ${timeoutMs} ms`), timeoutMs)
    })
    await waiting.finally(() => {
      clearTimeout(give)
      for (const take of off) take()
    })
  }

  /**
   * Ends the clients of `get`: what was sent is answered if that takes no longer than `deadlineMs` milliseconds. Afterwards `get`
   * throws until the next `configure`. May be called again and at any time; never rejects. Subscribers belong to their makers.
   */
  async close(deadlineMs = 500): Promise<void> {
    this.#closed = true
    const clients = [...this.#clients.values()]
    this.#clients.clear()
    this.#closing = Promise.all([this.#closing, ...clients.map((client) => end(client, deadlineMs))])
    await this.#closing
  }

  #connection(name: string): CacheConnection {
    if (this.#closed) throw new StoreAway(`Redis "${name}" was closed`)
    const connection = this.#connections.get(name)
    if (connection) return connection
    const names = [...this.#connections.keys()].join(', ')
    throw new Error(`cache: there is no connection "${name}", configured are: ${names || 'none'}`)
  }
}

/** Asks Redis to end the connection when it has answered everything, and ends it anyway at the deadline. */
async function end(client: Redis, deadlineMs: number): Promise<void> {
  let late: NodeJS.Timeout | undefined
  const deadline = new Promise<void>((resolve) => {
    late = setTimeout(resolve, deadlineMs)
  })
  // A client that is not connected refuses QUIT: there is nothing to wait for then.
  const quit = client.quit().then(
    () => {},
    () => {},
  )
  await Promise.race([quit, deadline])
  clearTimeout(late)
  client.disconnect()
}

/** The Redis clients of this process. */
export const Cache = new Connections()
