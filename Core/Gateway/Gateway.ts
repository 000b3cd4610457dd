import type { Redis } from 'ioredis'
import { isStoreAway } from '../../Library/Cache/Cache'
import type { AppConfig } from '../../Library/Config/Schema'
import { log } from '../../Library/Log/Log'
import { Tally } from '../../Library/Log/Tally'
import { countClose, gatewayCounts } from '../Metrics/GatewayCounts'
import type { GatewayStatus, Identity, StopReason } from '../Orders'
import { ALL_CHANNEL, FDS_AN_INSTANCE, instanceChannel } from '../Record/Keys'
import { Assignment } from './Assignment'
import { Auth, type User } from './Auth'
import { Broker } from './Broker'
import type { Bus } from './Bus'
import { Closes } from './Closes'
import { Connection } from './Connection'
import { Elsewhere } from './Elsewhere'
import type { Envelope } from './Envelope'
import { Errands } from './Errands'
import { Groups } from './Groups'
import { Healing } from './Healing'
import { Heartbeat } from './Heartbeat'
import { Hub } from './Hub'
import type { Lease } from './Lease'
import { PerIp } from './Limits'
import { Logins } from './Logins'
import { Operations } from './Operations'
import { Reaper } from './Reaper'
import { Refusals } from './Refusals'
import { Registry } from './Registry'
import { Reports } from './Reports'
import { slotOf } from './Slot'
import { Workers, type WorkersWatcher } from './Workers'

/** Who wants to know what becomes of workers, and of the gateway itself. */
export interface Watcher extends WorkersWatcher {
  /** This gateway has been taken off the record; its connections are closed, and it has to end. */
  reaped(): void
}

/** What a gateway stands on. */
export interface Ground {
  /** A client of the gateway's own, which is connected. */
  readonly redis: Redis
  readonly lease: Lease
  /** The way to other gateways; undefined: there are none, by configuration. */
  readonly bus: Bus | undefined
  /** The number of the first instance that the store has seen. */
  readonly firstInstance: number
}

/** The life of the connections: `Outside` calls it for what the sockets do, and it lets every room do its part. */
export class Gateway {
  readonly hub = new Hub()
  readonly workers: Workers
  readonly errands: Errands
  readonly #lease: Lease
  readonly #bus: Bus | undefined
  readonly #registry: Registry
  readonly #healing: Healing
  readonly #logins: Logins
  readonly #groups: Groups
  readonly #reaper: Reaper
  readonly #watcher: Watcher
  readonly #heartbeat: Heartbeat
  readonly #refusals: Refusals
  readonly #assignment: Assignment
  readonly #closes: Closes
  readonly #broker: Broker
  readonly #elsewhere: Elsewhere | undefined
  /** Closed connections whose hooks have not run, or which are still on record, by fd. */
  readonly #cleaning = new Map<number, Promise<void>>()
  readonly #unrecorded = new Tally((reason, count) => {
    log.warn({ reason, count }, 'connections are not on record until Redis is back')
  })
  #config: AppConfig
  #auth: Auth
  #perIp: PerIp
  #seq = 0
  #stopping = false

  constructor(config: AppConfig, { redis, lease, bus, firstInstance }: Ground, watcher: Watcher) {
    const { hub } = this
    const { instance } = lease
    this.#config = config
    this.#auth = new Auth(config.auth)
    this.#perIp = new PerIp(config.limits.perIp)
    this.#lease = lease
    this.#bus = bus
    this.#watcher = watcher
    this.#heartbeat = new Heartbeat(hub, config.setting.heartbeat_idle_time)
    const refusals = new Refusals()
    const assignment = new Assignment(config.setting, refusals)
    const closes = new Closes(assignment)
    this.#refusals = refusals
    this.#assignment = assignment
    this.#closes = closes
    this.#elsewhere =
      bus && new Elsewhere(bus, instance, (operation, fd, text) => operations.performHere(operation, fd, text))
    this.#logins = new Logins(redis, config.auth.multiLogin, {
      isOpen: (fd) => operations.isOpen(fd),
      kick: (fd, code, reason) => operations.kick(fd, code, reason),
    })
    const registry = new Registry(redis, lease, this.#logins)
    const groups = new Groups(hub, registry, bus)
    const isRaw = (key: string) => this.#config.groups.raw.some((prefix) => key.startsWith(prefix))
    const elsewhere = this.#elsewhere
    const broker = new Broker({ instance, hub, groups, redis, bus, isRaw, firstInstance })
    const reports = new Reports({ instance, hub, groups, redis, bus, elsewhere, isRaw })
    const operations = new Operations({ instance, lease, hub, registry, groups, broker, reports, redis, elsewhere })
    this.#registry = registry
    this.#groups = groups
    this.#healing = new Healing({ hub, lease, registry, isClosing: (fd) => this.#cleaning.has(fd) })
    this.errands = new Errands(reports, operations, this.#healing)
    this.#broker = broker
    const rooms = { hub, registry, assignment, closes, broker, operations, refusals }
    this.workers = new Workers(instance, rooms, watcher, () => this.#config.setting.max_wait_time * 1000)
    this.#reaper = new Reaper({ redis, lease, registry, closes, ready: () => assignment.serving.size > 0 })
    bus?.serve((envelope) => this.#heard(envelope))
    lease.keep({ regained: () => this.#healing.start(), lost: () => this.#reaped() })
    redis.on('ready', () => this.#healing.afterOutage())
  }

  get instance(): number {
    return this.#lease.instance
  }

  get identity(): Identity {
    const { instance, boot } = this.#lease
    return { instance, boot }
  }

  /** Begins to hear the other gateways, and to look after their leases. @throws StoreAway */
  async open(): Promise<void> {
    await Promise.all([this.#bus?.listen(ALL_CHANNEL), this.#bus?.listen(instanceChannel(this.instance))])
    this.#reaper.start()
  }

  /** The process of another gateway is dead for certain. */
  reap({ instance, boot }: Identity): void {
    this.#reaper.condemn(instance, boot)
  }

  get auth(): Auth {
    return this.#auth
  }

  get perIp(): PerIp {
    return this.#perIp
  }

  // ---- what the supervisor wants to know

  status(): Pick<GatewayStatus, 'instance' | 'connections' | 'ports' | 'workers' | 'store'> {
    const ports = Object.fromEntries(Object.keys(this.#config.outside).map((port) => [port, this.hub.count(port)]))
    const { instance, contactMs, latencyMs } = this.#lease
    const store = { up: contactMs > 0, latencyMs }
    return { instance, connections: this.hub.count(), ports, workers: this.workers.status(), store }
  }

  /**
   * Lets these workers serve, each its slot; those that served before finish what is under way, and take nothing new.
   * @param ids by slot; null: a slot whose worker is still to come, its messages wait
   * @param config what is new in the configuration: keys and limits
   * @returns the workers that have not joined; nothing has changed then
   */
  assign(ids: readonly (number | null)[], config?: AppConfig): number[] {
    const missing = this.workers.missing(ids)
    if (missing.length > 0) return missing
    if (config) this.#configure(config)
    this.workers.assign(ids)
    return []
  }

  // ---- what the sockets do

  /** Somebody connects, and was found good. */
  accept(port: string, ip: string, user: User | undefined): Connection {
    const { setting, limits } = this.#config
    const fd = this.instance * FDS_AN_INSTANCE + ++this.#seq
    const slot = slotOf(setting.dispatch_mode, fd, ip, user)
    return new Connection({ fd, port, ip, user, slot, burst: limits.burst })
  }

  /** The handshake is over. @returns when it is on record, or could not be put there yet */
  async opened(connection: Connection): Promise<void> {
    connection.heardAt = this.#heartbeat.tick
    this.#perIp.add(connection.ip)
    gatewayCounts.opened++
    this.hub.add(connection)
    try {
      await this.#registry.put(connection)
    } catch (error) {
      log.debug({ err: error, fd: connection.fd }, 'a connection could not be put on record')
      gatewayCounts.storeErrors++
      this.#unrecorded.add(isStoreAway(error) ? 'Redis is away' : 'Redis refused to write')
    }
    this.#assignment.recorded(connection)
  }

  /** The client gave a sign of life that asks for nothing. It counts towards the rate, though only a flood is answered: by a close. */
  alive(connection: Connection): void {
    const { rate, burst } = this.#config.limits
    connection.heardAt = this.#heartbeat.tick
    gatewayCounts.heartbeats++
    if (connection.bucket.take(performance.now(), rate, burst) === 'close') connection.close('tooManyMessages')
  }

  message(connection: Connection, frame: ArrayBuffer): void {
    const { limits, setting } = this.#config
    connection.heardAt = this.#heartbeat.tick
    connection.frames++
    gatewayCounts.received++
    gatewayCounts.receivedBytes += frame.byteLength
    if (frame.byteLength > setting.package_max_length) return connection.close('frameTooBig')
    const now = performance.now()
    if (!this.#lease.sure(now)) this.#makeSure()
    switch (connection.bucket.take(now, limits.rate, limits.burst)) {
      case 'pass':
        return this.#assignment.pass(connection, frame)
      case 'refuse':
        return this.#refusals.add(connection, 'rate limit', connection.frames)
      case 'close':
        return connection.close('tooManyMessages')
    }
  }

  /** The socket has closed, for whatever reason. @returns when its hooks have run and it is off the record */
  shut(connection: Connection, code: number): Promise<void> {
    const closeCode = connection.shut(code)
    countClose(closeCode)
    const underWay = connection.inFlight.length > 0
    const { fd } = connection
    this.hub.remove(connection)
    this.#groups.gone(connection)
    this.#perIp.remove(connection.ip)
    this.#assignment.leave(connection)
    log.debug({ fd, closeCode }, 'connection closed')
    const cleaning = this.#cleanUp(connection, closeCode, underWay).finally(() => this.#cleaning.delete(fd))
    this.#cleaning.set(fd, cleaning)
    return cleaning
  }

  /** Resolves when no message is under way at a worker, no closed connection is still on record, and every refusal is told. */
  async idle(): Promise<void> {
    await Promise.all([...this.#assignment.serving].map((worker) => worker.idle()))
    await Promise.all(this.#cleaning.values())
    this.#refusals.flush()
  }

  /** Handshakes come too late: those who connected before the port was closed, too. */
  get stopping(): boolean {
    return this.#stopping
  }

  /** Closes every connection, and waits until each is off the record. */
  async stop(reason: StopReason): Promise<void> {
    this.#stopping = true
    for (const connection of this.hub.all()) connection.close(reason)
    await Promise.all(this.#cleaning.values())
    await this.#registry.finish()
    await this.#bus?.settled() // what the hooks have sent
    this.#end()
    await this.#reaper.bury(this.#registry.unforgotten === 0).catch((error: unknown) => {
      log.warn({ err: error }, 'the lease could not be given back; it runs out by itself')
    })
  }

  #end(): void {
    this.#healing.stop()
    this.#heartbeat.stop()
    this.#assignment.stop()
    this.#refusals.flush()
    this.#registry.stop()
    this.#logins.stop()
    this.#reaper.stop()
    this.#lease.stop()
    this.#bus?.close()
  }

  /** First the hooks, then the groups and the keys: what a hook asks of the record is still there. */
  async #cleanUp(connection: Connection, closeCode: number, underWay: boolean): Promise<void> {
    await this.#lease.known()
    if (this.#lease.lost) return // somebody else has done so
    await this.#registry.complete(connection)
    await this.#closes.run(connection, closeCode, underWay ? this.#config.setting.controller_timeout * 1000 : 0)
    await this.#registry.forget(connection)
  }

  #configure(config: AppConfig): void {
    this.#config = config
    this.#auth = new Auth(config.auth)
    this.#perIp.configure(config.limits.perIp)
    this.#assignment.configure(config.setting)
    this.#heartbeat.configure(config.setting.heartbeat_idle_time)
    this.#logins.configure(config.auth.multiLogin)
  }

  #heard(envelope: Envelope): number {
    const broker = this.#broker
    switch (envelope.kind) {
      case 'broadcast':
        return broker.here(envelope)
      case 'letter':
        return broker.letter(envelope)
      case 'question':
        this.#elsewhere?.asked(envelope)
        return 0
      case 'answer':
        this.#elsewhere?.answered(envelope)
        return 0
    }
  }

  /** After a pause nothing is passed on before it is known whether these are still this gateway's connections (rule 14). */
  async #makeSure(): Promise<void> {
    this.#assignment.suspend()
    await this.#lease.known()
    if (!this.#lease.lost) this.#assignment.resume()
  }

  /** Others have taken this gateway for dead: its connections must not live on as ghosts. Their hooks have run. */
  #reaped(): void {
    log.fatal(
      { instance: this.instance, connections: this.hub.count() },
      'this gateway was taken for dead: it was paused, or cut off from Redis; it closes its connections and ends',
    )
    this.#assignment.suspend()
    for (const connection of this.hub.all()) connection.close('restart')
    this.#end()
    this.#watcher.reaped()
  }
}
