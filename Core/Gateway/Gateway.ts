import type { Redis } from 'ioredis'
import type { AppConfig } from '../../Library/Config/Schema'
import { log } from '../../Library/Log/Log'
import type { Outgoing, ToWorker } from '../Link/Contract'
import { FDS_AN_INSTANCE } from '../Record/Keys'
import { Assignment } from './Assignment'
import { Auth, type User } from './Auth'
import { Connection } from './Connection'
import { Deliveries } from './Deliveries'
import { FromWorker } from './FromWorker'
import { Heartbeat } from './Heartbeat'
import { Hub } from './Hub'
import { PerIp } from './Limits'
import { Refusals } from './Refusals'
import { Registry } from './Registry'

/** The life of the connections: `Outside` calls it for what the sockets do, `fromWorker` does what the worker says. */
export class Gateway {
  readonly auth: Auth
  readonly perIp: PerIp
  readonly hub = new Hub()
  readonly fromWorker: FromWorker
  readonly #config: AppConfig
  readonly #registry: Registry
  readonly #heartbeat: Heartbeat
  readonly #refusals = new Refusals()
  readonly #assignment: Assignment
  readonly #closes = new Set<Promise<void>>()
  #seq = 0

  private constructor(config: AppConfig, redis: Redis, registry: Registry) {
    this.#config = config
    this.auth = new Auth(config.auth)
    this.perIp = new PerIp(config.limits.perIp)
    this.#registry = registry
    this.#heartbeat = new Heartbeat(this.hub, config.setting.heartbeat_idle_time)
    this.#assignment = new Assignment(config.setting, this.#refusals)
    const deliveries = new Deliveries(this.hub, redis, registry.instance, config.groups.raw)
    this.fromWorker = new FromWorker({ hub: this.hub, registry, assignment: this.#assignment, deliveries, redis })
    redis.on('ready', () => this.#heal())
  }

  /**
   * Takes an instance number, and with it the right to give out fds.
   * @param redis a client of the gateway's own, which is connected
   * @param firstInstance the number of the first instance that a store has seen
   */
  static async claim(config: AppConfig, redis: Redis, firstInstance: number): Promise<Gateway> {
    return new Gateway(config, redis, await Registry.claim(redis, firstInstance))
  }

  /** From now on `worker` gets the messages. */
  serve(worker: Outgoing<ToWorker>): void {
    this.fromWorker.worker = worker
    this.#assignment.serve(worker)
  }

  /** Somebody connects, and was found good. */
  accept(port: string, ip: string, user: User | undefined): Connection {
    const fd = this.#registry.instance * FDS_AN_INSTANCE + ++this.#seq
    return new Connection(fd, port, ip, user, this.#config.limits.burst)
  }

  opened(connection: Connection): void {
    this.heard(connection)
    this.perIp.add(connection.ip)
    this.hub.add(connection)
    this.#registry
      .put(connection)
      .catch((error: unknown) =>
        log.warn({ err: error, fd: connection.fd }, 'a connection is not on record until Redis is back'),
      )
      .finally(() => this.#assignment.release(connection))
  }

  /** The client gave a sign of life. */
  heard(connection: Connection): void {
    connection.heardAt = this.#heartbeat.tick
  }

  message(connection: Connection, frame: ArrayBuffer): void {
    const { limits, setting } = this.#config
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
    this.hub.remove(connection)
    this.perIp.remove(connection.ip)
    log.debug({ fd: connection.fd, closeCode }, 'connection closed')
    const close = this.#cleanUp(connection, closeCode).finally(() => this.#closes.delete(close))
    this.#closes.add(close)
  }

  /** Closes every connection, and waits until each is off the record. */
  async stop(): Promise<void> {
    for (const connection of this.hub.all()) connection.close('serverStops')
    await Promise.all(this.#closes)
    this.#heartbeat.stop()
    this.#refusals.flush()
    this.#registry.stop()
  }

  /** First the hooks, then the groups and the keys: what a hook asks of the record is still there. */
  async #cleanUp(connection: Connection, closeCode: number): Promise<void> {
    await this.#registry.complete(connection)
    await this.#assignment.close(connection, closeCode)
    await this.#registry.forget(connection)
  }

  async #heal(): Promise<void> {
    try {
      await this.#registry.heal(this.hub.all())
    } catch (error) {
      log.warn({ err: error }, 'Redis was back and went away again; its record will be made right when it returns')
    }
  }
}
