import { Cache, StoreAway } from '../../Library/Cache/Cache'
import { reasonOf } from '../../Library/Cache/Outage'
import { log } from '../../Library/Log/Log'
import type { Boot, StopReason } from '../Orders'
import { Gateway, type Watcher } from './Gateway'
import { Outside } from './Outside'

/** The client of the gateway, which alone writes the record: its commands of one turn of the loop go out together, in order. */
const RECORD = 'record'

/** The pipeline of a turn waits for the one before it, so a write can take this twice, in milliseconds; the 503 is due within a second. */
const RECORD_TIMEOUT_MS = 400

/** How long the store may take to answer at the start, in milliseconds. */
const STORE_WAIT_MS = 10_000

/** A gateway with its public ports and its store: what a process that holds sockets consists of, in either mode. */
export class House {
  readonly gateway: Gateway
  readonly #boot: Boot
  readonly #outsides: Outside[] = []

  private constructor(gateway: Gateway, boot: Boot) {
    this.gateway = gateway
    this.#boot = boot
  }

  /** @throws StoreAway when Redis does not answer */
  static async open(boot: Boot, watcher: Watcher): Promise<House> {
    const options = { enableAutoPipelining: true, commandTimeout: RECORD_TIMEOUT_MS }
    Cache.configure({ ...boot.cache, [RECORD]: { ...boot.cache.master, options } })
    await Cache.ready(RECORD, STORE_WAIT_MS).catch((error: unknown) => {
      throw boot.embedded ? error : explain(boot.cache.master.url, error)
    })
    // MSwoole, whose fds begin at 1, may have left some behind in a Redis of one's own.
    const firstInstance = boot.embedded ? 0 : 1
    return new House(await Gateway.claim(boot.config, Cache.get(RECORD), firstInstance, watcher), boot)
  }

  /** Opens the public ports. @returns the real ones @throws Error when one cannot be had */
  async listen(): Promise<Record<string, number>> {
    const { outside, setting } = this.#boot.config
    const ports: Record<string, number> = {}
    for (const [name, port] of Object.entries(outside)) {
      const { package_max_length: frameLimit, socket_buffer_size: bufferLimit } = setting
      const opened = new Outside(this.gateway, { name, ...port, frameLimit, bufferLimit })
      this.#outsides.push(opened)
      ports[name] = await opened.listen()
    }
    log.info({ ports }, 'listening')
    return ports
  }

  /** No new handshakes. */
  unlisten(): void {
    for (const outside of this.#outsides.splice(0)) outside.stopListening()
  }

  /** Closes every connection, and waits until each is off the record. */
  async stop(reason: StopReason): Promise<void> {
    this.unlisten()
    await this.gateway.stop(reason)
  }

  /** Ends the embedded store, where the supervisor cannot any more. */
  async endStore(): Promise<void> {
    // The connection breaks instead of an answer.
    if (this.#boot.embedded)
      await Cache.get(RECORD)
        .shutdown('NOSAVE')
        .catch(() => {})
  }
}

/** What to do about a Redis that does not answer. The address is shown without user and password. */
function explain(url: string, error: unknown): StoreAway {
  const place = url.replace(/^(\w+:\/\/).*@/, '$1')
  const cause = error instanceof Error && error.cause instanceof Error ? reasonOf(error.cause) : String(error)
  return new StoreAway(
    `Redis at ${place} does not answer (${cause}); start it, or correct REDIS_URL or Config/cache.ts. Without a url the server brings a store of its own`,
    { cause: error },
  )
}
