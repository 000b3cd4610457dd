import type { Redis } from 'ioredis'
import { isStoreAway } from '../../Library/Cache/Cache'
import type { AppConfig } from '../../Library/Config/Schema'
import { log } from '../../Library/Log/Log'
import { Tally } from '../../Library/Log/Tally'
import type { BrokenRecord } from '../Link/Records'
import type { Host, Joined } from '../Link/Socket'
import { FDS_AN_INSTANCE } from '../Record/Keys'
import { Assignment } from './Assignment'
import { Auth, type User } from './Auth'
import { Closes } from './Closes'
import { Connection } from './Connection'
import { FromWorker, type Rooms } from './FromWorker'
import { Heartbeat } from './Heartbeat'
import { Hub } from './Hub'
import { PerIp } from './Limits'
import { Refusals } from './Refusals'
import { Registry } from './Registry'
import { Serving } from './Serving'
import { slotOf } from './Slot'

/** Who wants to know what becomes of workers. */
export interface Watcher {
  /** A worker that serves no longer has nothing under way any more. */
  drained(id: number): void
  /** What a worker sent was no record; its link is dropped. */
  broken(id: number, reason: string): void
}

/** The life of the connections: `Outside` calls it for what the sockets do, workers join it, and each one's orders are carried out. */
export class Gateway implements Host {
  readonly hub = new Hub()
  readonly #registry: Registry
  readonly #watcher: Watcher
  readonly #heartbeat: Heartbeat
  readonly #refusals = new Refusals()
  readonly #assignment: Assignment
  readonly #closes: Closes
  readonly #rooms: Rooms
  readonly #workers = new Map<number, Serving>()
  readonly #cleaning = new Set<Promise<void>>()
  readonly #unrecorded = new Tally((reason, count) => {
    log.warn({ reason, count }, 'connections are not on record until Redis is back')
  })
  #config: AppConfig
  #auth: Auth
  #perIp: PerIp
  #seq = 0

  private constructor(config: AppConfig, redis: Redis, registry: Registry, watcher: Watcher) {
    this.#config = config
    this.#auth = new Auth(config.auth)
    this.#perIp = new PerIp(config.limits.perIp)
    this.#registry = registry
    this.#watcher = watcher
    this.#heartbeat = new Heartbeat(this.hub, config.setting.heartbeat_idle_time)
    this.#assignment = new Assignment(config.setting, this.#refusals)
    this.#closes = new Closes(this.#assignment)
    this.#rooms = {
      hub: this.hub,
      registry,
      assignment: this.#assignment,
      closes: this.#closes,
      redis,
      isRaw: (key) => this.#config.groups.raw.some((prefix) => key.startsWith(prefix)),
    }
    redis.on('ready', () => this.#heal())
  }

  /**
   * Takes an instance number, and with it the right to give out fds.
   * @param redis a client of the gateway's own, which is connected
   * @param firstInstance the number of the first instance that a store has seen
   */
  static async claim(config: AppConfig, redis: Redis, firstInstance: number, watcher: Watcher): Promise<Gateway> {
    return new Gateway(config, redis, await Registry.claim(redis, firstInstance), watcher)
  }

  get instance(): number {
    return this.#registry.instance
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
    const fd = this.#registry.instance * FDS_AN_INSTANCE + ++this.#seq
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
    switch (connection.bucket.take(performance.now(), limits.rate, limits.burst)) {
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
    this.hub.remove(connection)
    this.#perIp.remove(connection.ip)
    this.#assignment.leave(connection)
    log.debug({ fd: connection.fd, closeCode }, 'connection closed')
    const cleaning = this.#cleanUp(connection, closeCode, underWay).finally(() => this.#cleaning.delete(cleaning))
    this.#cleaning.add(cleaning)
  }

  /** Closes every connection, and waits until each is off the record. */
  async stop(reason: 'serverStops' | 'restart'): Promise<void> {
    for (const connection of this.hub.all()) connection.close(reason)
    await Promise.all(this.#cleaning)
    this.#heartbeat.stop()
    this.#assignment.stop()
    this.#refusals.flush()
    this.#registry.stop()
  }

  /** First the hooks, then the groups and the keys: what a hook asks of the record is still there. */
  async #cleanUp(connection: Connection, closeCode: number, underWay: boolean): Promise<void> {
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

  async #heal(): Promise<void> {
    try {
      await this.#registry.heal(this.hub.all())
    } catch (error) {
      log.warn({ err: error }, 'Redis was back and went away again; its record will be made right when it returns')
    }
  }
}
