import { join, resolve } from 'node:path'
import { Cache, isStoreAway } from '../../Library/Cache/Cache'
import { log } from '../../Library/Log/Log'
import { causeOf, reasonOf } from '../../Library/Log/Outage'
import { tell } from '../Handler'
import { gatewayCounts } from '../Metrics/GatewayCounts'
import { processStatus } from '../Metrics/ProcessStatus'
import type { Boot, GatewayStatus, Order, Report, StopReason } from '../Orders'
import { readTls } from '../Tls'
import { Bus } from './Bus'
import { drain, quietTurn } from './Drain'
import { Files } from './Files'
import { Gateway, type Watcher } from './Gateway'
import { Lease } from './Lease'
import { Outside } from './Outside'

/** Where this framework is installed. */
const HOME = resolve(__dirname, '..', '..', '..')

/** The client of the gateway, which alone writes the record: its commands of one turn of the loop go out together, in order. */
const RECORD = 'record'

/** The two sides of the bus: a connection that subscribes can do nothing else. */
const PUBLISHER = 'bus'
const SUBSCRIBER = 'bus subscriber'

/** The pipeline of a turn waits for the one before it, so a write can take this twice, in milliseconds; the 503 is due within a second. */
const TIMEOUT_MS = 400

/** The bus itself looks after its subscriber, which it does not read while there is too much to do. The longest time of a timer. */
const NEVER_MS = 2 ** 31 - 1

/** How long Redis may take to answer before it is said that it is waited for, in milliseconds. */
const PATIENCE_MS = 3000

/** How long close frames get to leave a process that may not go on, in milliseconds. */
const LAST_WORDS_MS = 200

/** How long after a failure it is tried again, in milliseconds. */
const RETRY_MS = 200

/** How long the embedded store may take to answer, in milliseconds. */
const STORE_WAIT_MS = 10_000

/** What of a boot a house needs. */
export type HouseBoot = Pick<Boot, 'name' | 'folder' | 'config' | 'cache' | 'embedded'>

/** Told that Redis is asked whether it is there, and how often it was not. */
export type Tries = (failed: number) => void

/** A gateway with its public ports and its store: what a process that holds sockets consists of, in either mode. */
export class House {
  readonly gateway: Gateway
  readonly #boot: HouseBoot
  readonly #files: Files
  readonly #outsides: Outside[] = []

  private constructor(gateway: Gateway, boot: HouseBoot) {
    this.gateway = gateway
    this.#boot = boot
    this.#files = new Files([boot.folder, HOME].map((folder) => join(folder, 'Public', 'static')))
  }

  /**
   * Waits for Redis, however long it takes: it may be started later than this.
   * @param tries called before each try; what it throws ends the waiting
   * @throws StoreAway when the embedded store does not answer, Error when Redis refuses what the server needs
   */
  static async open(boot: HouseBoot, watcher: Watcher, tries: Tries = () => {}): Promise<House> {
    const { cache, config, embedded } = boot
    const pipelined = { ...cache.master, options: { enableAutoPipelining: true, commandTimeout: TIMEOUT_MS } }
    const bare = { autoResubscribe: false, autoResendUnfulfilledCommands: false, socketTimeout: NEVER_MS }
    const deaf = { ...cache.master, options: bare }
    Cache.configure({ ...cache, [RECORD]: pipelined, [PUBLISHER]: pipelined, [SUBSCRIBER]: deaf })
    const redis = Cache.get(RECORD)
    // MSwoole, whose fds begin at 1, may have left some behind in a Redis of one's own.
    const firstInstance = embedded ? 0 : 1
    if (embedded) await Cache.ready(RECORD, STORE_WAIT_MS)
    const patiently = embedded ? <T>(work: () => Promise<T>) => work() : patience(cache.master.url, tries)
    const lease = await patiently(async () => {
      await Cache.ready(RECORD, PATIENCE_MS)
      return Lease.claim(redis, firstInstance)
    })
    // Alone by configuration, it needs nobody to bring it its own messages.
    const alone = embedded && (config.setting.mode === 'base' || config.setting.reactor_num === 1)
    const bus = alone ? undefined : new Bus(Cache.get(PUBLISHER), Cache.subscriber(SUBSCRIBER))
    const gateway = new Gateway(
      config,
      { redis, lease, bus, firstInstance },
      { ...watcher, reaped: () => house.#leave(watcher) },
    )
    const house = new House(gateway, boot)
    await patiently(async () => {
      if (bus) await Cache.ready(PUBLISHER, PATIENCE_MS)
      await gateway.open()
    })
    return house
  }

  /** Opens public ports. @returns the real ones @throws Error when one cannot be had */
  async listen(outside = this.#boot.config.outside): Promise<Record<string, number>> {
    const { folder, config } = this.#boot
    const certificates = readTls(folder, outside)
    const ports: Record<string, number> = {}
    for (const [name, port] of Object.entries(outside)) {
      const { package_max_length: frameLimit, socket_buffer_size: bufferLimit } = config.setting
      const options = { name, ...port, tls: certificates.get(name), frameLimit, bufferLimit }
      const opened = new Outside(this.gateway, this.#files, options)
      this.#outsides.push(opened)
      ports[name] = await opened.listen()
    }
    log.info({ ports }, 'listening')
    return ports
  }

  /** Takes in certificates that have changed: for new connections; those that are there go on with what they have. */
  async renewTls(): Promise<void> {
    const certificates = readTls(this.#boot.folder, this.#boot.config.outside)
    for (const [at, old] of this.#outsides.entries()) {
      const { options } = old
      const tls = certificates.get(options.name)
      if (tls?.digest === options.tls?.digest) continue
      const renewed = new Outside(this.gateway, this.#files, { ...options, tls })
      await renewed.listen()
      this.#outsides[at] = renewed
      await quietTurn()
      old.stopListening()
      log.info({ port: options.name }, 'a new certificate serves')
    }
  }

  status(): GatewayStatus {
    return { ...this.gateway.status(), ...processStatus(), name: this.#boot.name, counts: gatewayCounts }
  }

  /** Says something to connections on whatever machine, or closes them. */
  async reach(order: Extract<Order, { order: 'say' | 'kick' }>): Promise<Report> {
    const { id, whom } = order
    try {
      const reached =
        order.order === 'kick'
          ? await this.gateway.errands.kick(whom)
          : await this.gateway.errands.say(whom, order.dryRun ? undefined : order.text)
      return { report: 'reached', id, reached }
    } catch (error) {
      const failure = isStoreAway(error) ? 'Redis is away' : String(error)
      return { report: 'reached', id, reached: { targeted: 0, delivered: 0, dropped: 0 }, failure }
    }
  }

  /** Compares its record with its connections. */
  async audit(fix: boolean): Promise<Report> {
    try {
      return { report: 'audited', strangers: await this.gateway.errands.audit(fix) }
    } catch (error) {
      return { report: 'audited', strangers: [], failure: isStoreAway(error) ? 'Redis is away' : String(error) }
    }
  }

  /** Closes the public ports. */
  async unlisten(): Promise<void> {
    await quietTurn()
    this.#close()
  }

  /** Closes the connections with 1012, evenly spread. @param ms milliseconds */
  async drain(ms: number): Promise<Report> {
    await drain(this.gateway.hub, ms, (left) => tell({ report: 'draining', left }))
    return { report: 'emptied' }
  }

  /** Closes every connection, and waits until each is off the record. */
  async stop(reason: StopReason): Promise<void> {
    this.#close()
    await this.gateway.stop(reason)
  }

  #close(): void {
    for (const outside of this.#outsides.splice(0)) outside.stopListening()
  }

  #leave(watcher: Watcher): void {
    this.#close()
    setTimeout(() => watcher.reaped(), LAST_WORDS_MS)
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

/**
 * Tries a work again for as long as Redis is away, and says what to do about it: once, until the reason is another one. The address is
 * shown without user and password.
 */
function patience(url: string, tries: Tries): <T>(work: () => Promise<T>) => Promise<T> {
  const place = url.replace(/^(\w+:\/\/).*@/, '$1')
  let said = ''
  return async (work) => {
    for (let failed = 0; ; failed++) {
      tries(failed)
      try {
        return await work()
      } catch (error) {
        const cause = causeOf(error)
        const why = reasonOf(cause)
        if (!isStoreAway(error)) {
          throw new Error(`Redis at ${place} refuses what the server needs (${why}); give its user more rights`)
        }
        if (why !== said) {
          const what =
            cause instanceof Error && cause.name === 'ReplyError' ? 'does not serve this server' : 'does not answer'
          log.error(
            `Redis at ${place} ${what} (${why}); the server starts when it does. Start it, or correct REDIS_URL or Config/cache.ts; without a url the server brings a store of its own`,
          )
        }
        said = why
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }
}
