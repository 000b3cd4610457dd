import type { Redis } from 'ioredis'
import { isStoreAway } from '../../Library/Cache/Cache'
import type { AppConfig } from '../../Library/Config/Schema'
import { log } from '../../Library/Log/Log'
import { Tally } from '../../Library/Log/Tally'
import type { BrokenRecord } from '../Link/Records'
import type { Host, Joined } from '../Link/Socket'
import type { GatewayStatus, Identity, Reached, StopReason } from '../Orders'
import { ALL_CHANNEL, FDS_AN_INSTANCE, instanceChannel } from '../Record/Keys'
import { encodeReply } from '../Wire/Protocol'
import { Assignment } from './Assignment'
import { Auth, type User } from './Auth'
import { Broker } from './Broker'
import type { Bus } from './Bus'
import { Closes } from './Closes'
import { Connection } from './Connection'
import { Elsewhere } from './Elsewhere'
import type { Envelope } from './Envelope'
import { FromWorker, type Rooms } from './FromWorker'
import { Groups } from './Groups'
import { Heartbeat } from './Heartbeat'
import { Hub } from './Hub'
import type { Lease } from './Lease'
import { PerIp } from './Limits'
import { Logins } from './Logins'
import { Operations } from './Operations'
import { Reaper } from './Reaper'
import { Refusals } from './Refusals'
import { Registry } from './Registry'
import { Serving } from './Serving'
import { slotOf } from './Slot'

/** How soon a record that could not be made right is made right again, in milliseconds. */
const HEAL_RETRY_MS = 1000

/** When a record that has been made right is looked at once more, in milliseconds: a lost connection's last writes may come late. */
const HEAL_AGAIN_MS = 2000

/** Who wants to know what becomes of workers, and of the gateway itself. */
export interface Watcher {
  /** A worker that serves no longer has nothing under way any more. */
  drained(id: number): void
  /** What a worker sent was no record; its link is dropped. */
  broken(id: number, reason: string): void
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

/** The life of the connections: `Outside` calls it for what the sockets do, workers join it, and each one's orders are carried out. */
export class Gateway implements Host {
  readonly hub = new Hub()
  readonly #lease: Lease
  readonly #bus: Bus | undefined
  readonly #registry: Registry
  readonly #logins: Logins
  readonly #groups: Groups
  readonly #reaper: Reaper
  readonly #watcher: Watcher
  readonly #heartbeat: Heartbeat
  readonly #refusals = new Refusals()
  readonly #assignment: Assignment
  readonly #closes: Closes
  readonly #rooms: Rooms
  readonly #elsewhere: Elsewhere | undefined
  readonly #workers = new Map<number, Serving>()
  /** Closed connections whose hooks have not run, or which are still on record, by fd. */
  readonly #cleaning = new Map<number, Promise<void>>()
  readonly #unrecorded = new Tally((reason, count) => {
    log.warn({ reason, count }, 'connections are not on record until Redis is back')
  })
  #config: AppConfig
  #auth: Auth
  #perIp: PerIp
  #seq = 0
  #healing: Promise<void> | undefined
  #healAgain = false
  #healLater: NodeJS.Timeout | undefined
  #unhealed = false
  #stopping = false
  #ended = false

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
    this.#assignment = new Assignment(config.setting, this.#refusals)
    this.#closes = new Closes(this.#assignment)
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
    const broker = new Broker({ instance, hub, groups, redis, bus, elsewhere, isRaw, firstInstance })
    const operations = new Operations({ instance, lease, hub, registry, groups, broker, redis, elsewhere })
    this.#registry = registry
    this.#groups = groups
    const [assignment, closes, refusals] = [this.#assignment, this.#closes, this.#refusals]
    this.#rooms = { hub, registry, assignment, closes, broker, operations, refusals }
    this.#reaper = new Reaper({ redis, lease, registry, closes, ready: () => assignment.serving.size > 0 })
    bus?.serve((envelope) => this.#heard(envelope))
    lease.keep({ regained: () => this.#heal(), lost: () => this.#reaped() })
    redis.on('ready', () => this.#back())
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

  get workerPids(): number[] {
    return [...this.#workers.values()].map(({ pid }) => pid)
  }

  // ---- what the supervisor wants to know

  status(): GatewayStatus {
    const ports: Record<string, number> = {}
    for (const { port } of this.hub.all()) ports[port] = (ports[port] ?? 0) + 1
    const workers = [...this.#workers.values()].map(({ id, connections, underWay }) => ({
      id,
      connections: connections.size,
      inFlight: underWay,
    }))
    return { instance: this.instance, memory: process.memoryUsage.rss(), connections: this.hub.count(), ports, workers }
  }

  /** @returns whom it has reached, on all machines @throws StoreAway */
  say(text: string): Promise<Reached> {
    const target = { audience: 'all', name: '' } as const
    return this.#rooms.broker.report({ target, except: [], text: encodeReply('serverBroadcast', text) })
  }

  // ---- what workers do

  joined({ id, pid, toWorker }: Joined): FromWorker {
    const worker = new Serving(id, pid, toWorker)
    this.#workers.set(id, worker)
    return new FromWorker(this.#rooms, worker)
  }

  lost(id: number, failure?: BrokenRecord): void {
    const worker = this.#workers.get(id)
    if (worker === undefined) return
    this.#workers.delete(id)
    this.#assignment.lost(worker)
    this.#closes.lost(worker)
    if (failure) this.#watcher.broken(id, failure.message)
  }

  refused(reason: string): void {
    log.error({ reason }, 'somebody who is no worker of this gateway tried to join it')
  }

  /** @returns those of these workers that have not joined */
  muster(ids: readonly number[]): number[] {
    return ids.filter((id) => !this.#workers.has(id))
  }

  /**
   * Lets these workers serve, each its slot; those that served before finish what is under way, and take nothing new.
   * @param ids by slot; null: a slot whose worker is still to come, its messages wait
   * @param config what is new in the configuration: keys and limits
   * @returns the workers that have not joined; nothing has changed then
   */
  assign(ids: readonly (number | null)[], config?: AppConfig): number[] {
    const missing = this.muster(ids.flatMap((id) => id ?? []))
    if (missing.length > 0) return missing
    const before = this.#assignment.serving
    const workers = ids.map((id) => (id === null ? undefined : this.#workers.get(id)))
    if (config) this.#configure(config)
    this.#assignment.assign(workers)
    this.#closes.reassign()
    for (const worker of before) if (!workers.includes(worker)) this.#drain(worker)
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

  opened(connection: Connection): void {
    connection.heardAt = this.#heartbeat.tick
    this.#perIp.add(connection.ip)
    this.hub.add(connection)
    this.#registry
      .put(connection)
      .catch((error: unknown) => {
        log.debug({ err: error, fd: connection.fd }, 'a connection could not be put on record')
        this.#unrecorded.add(isStoreAway(error) ? 'Redis is away' : 'Redis refused to write')
      })
      .finally(() => this.#assignment.recorded(connection))
  }

  /** The client gave a sign of life that asks for nothing. It counts towards the rate, though only a flood is answered: by a close. */
  alive(connection: Connection): void {
    const { rate, burst } = this.#config.limits
    connection.heardAt = this.#heartbeat.tick
    if (connection.bucket.take(performance.now(), rate, burst) === 'close') connection.close('tooManyMessages')
  }

  message(connection: Connection, frame: ArrayBuffer): void {
    const { limits, setting } = this.#config
    connection.heardAt = this.#heartbeat.tick
    connection.frames++
    if (frame.byteLength > setting.package_max_length) return connection.close('frameTooBig')
    const now = performance.now()
    if (!this.#lease.sure(now)) this.#makeSure()
    switch (connection.bucket.take(now, limits.rate, limits.burst)) {
      case 'pass':
        return this.#assignment.pass(connection, frame)
      case 'refuse':
        return this.#refusals.add(connection, 'tooManyRequests', connection.frames)
      case 'close':
        return connection.close('tooManyMessages')
    }
  }

  /** The socket has closed, for whatever reason. */
  shut(connection: Connection, code: number): void {
    const closeCode = connection.shut(code)
    const underWay = connection.inFlight.length > 0
    const { fd } = connection
    this.hub.remove(connection)
    this.#groups.gone(connection)
    this.#perIp.remove(connection.ip)
    this.#assignment.leave(connection)
    log.debug({ fd, closeCode }, 'connection closed')
    const cleaning = this.#cleanUp(connection, closeCode, underWay).finally(() => this.#cleaning.delete(fd))
    this.#cleaning.set(fd, cleaning)
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
    await this.#bus?.settled() // what the hooks have sent
    this.#end()
    await this.#reaper.bury(this.#registry.unforgotten === 0).catch((error: unknown) => {
      log.warn({ err: error }, 'the lease could not be given back; it runs out by itself')
    })
  }

  #end(): void {
    this.#ended = true
    clearTimeout(this.#healLater)
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

  /** Calls that outlive their time are answered 503, and nothing that the old worker still says counts. */
  async #drain(worker: Serving): Promise<void> {
    let late: NodeJS.Timeout | undefined
    const deadline = new Promise<void>((resolve) => {
      late = setTimeout(() => {
        if (this.#assignment.serving.has(worker)) return resolve()
        worker.muted = true
        this.#assignment.lost(worker)
        this.#closes.lost(worker)
        resolve()
      }, this.#config.setting.max_wait_time * 1000)
    })
    await Promise.race([worker.idle(), deadline])
    clearTimeout(late)
    // It serves again when what it was replaced by could not serve everywhere.
    if (!this.#assignment.serving.has(worker)) this.#watcher.drained(worker.id)
  }

  #heard(envelope: Envelope): number {
    const { broker } = this.#rooms
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

  async #back(): Promise<void> {
    await this.#lease.renew()
    await this.#heal()
    if (!this.#unhealed) this.#healIn(HEAL_AGAIN_MS)
  }

  /** One at a time; what is lost while it runs is healed by one more. */
  #heal(): Promise<void> {
    this.#healAgain = this.#healing !== undefined
    this.#healing ??= this.#makeRight().finally(() => {
      this.#healing = undefined
      if (this.#healAgain) this.#heal()
    })
    return this.#healing
  }

  #healIn(ms: number): void {
    clearTimeout(this.#healLater)
    if (!this.#ended) this.#healLater = setTimeout(() => this.#heal(), ms)
  }

  async #makeRight(): Promise<void> {
    if (this.#lease.lost) return
    try {
      await this.#lease.raise()
      const isOurs = (fd: number) => this.hub.get(fd) !== undefined || this.#cleaning.has(fd)
      await this.#registry.heal(this.hub.all(), isOurs)
      this.#unhealed = false
    } catch (error) {
      if (!this.#unhealed) log.warn({ err: error }, 'the record could not be made right yet; it is tried again')
      this.#unhealed = true
      this.#healIn(HEAL_RETRY_MS)
    }
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
