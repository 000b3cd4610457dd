import type { Redis } from 'ioredis'
import { isStoreAway } from '../../Library/Cache/Cache'
import type { Announcement, Answer, Kick, Operation } from '../Link/Contract'
import { ALL_CHANNEL, byInstance, instanceOf, userFdsKeyOf } from '../Record/Keys'
import type { Broker } from './Broker'
import type { Connection } from './Connection'
import type { Elsewhere } from './Elsewhere'
import type { BusOperation } from './Envelope'
import type { Groups } from './Groups'
import type { Hub } from './Hub'
import type { Lease } from './Lease'
import { readAnnouncement, readKick, readKickThese, readReportThese } from './Questions'
import type { Registry } from './Registry'
import type { Reports } from './Reports'
import { readFds } from './Sets'

/** How long is still waited for Redis when the bus has failed, in milliseconds: the caller is to know within a second. */
const GRACE_MS = 100

const failLater = (error: unknown) => new Promise<never>((_, reject) => setTimeout(reject, GRACE_MS, error))

export interface OperationsOptions {
  readonly instance: number
  readonly lease: Lease
  readonly hub: Hub
  readonly registry: Registry
  readonly groups: Groups
  readonly broker: Broker
  readonly reports: Reports
  readonly redis: Redis
  readonly elsewhere: Elsewhere | undefined
}

/** What workers and other gateways ask: done here where the connection is ours, else passed on to its gateway (rule 9). */
export class Operations {
  readonly #options: OperationsOptions
  /** Leaves of this gateway's connections that are on the bus, by fd and group. */
  readonly #leaving = new Map<string, Promise<unknown>>()

  constructor(options: OperationsOptions) {
    this.#options = options
  }

  /** For a worker of this machine. @throws StoreAway, and what the operation fails with */
  async perform(operation: Operation, fd: number, text: string): Promise<Answer> {
    const { hub, reports, elsewhere } = this.#options
    switch (operation) {
      case 'kick':
        return this.#kick(readKick(text))
      case 'report':
        return reports.send(readAnnouncement(text))
      case 'count': {
        const counts = await elsewhere?.askAll(ALL_CHANNEL, 'count', 0, text)
        return counts?.map(Number).reduce((all, one) => all + one, 0) ?? hub.count(text || undefined)
      }
      case 'join':
        return this.#join(fd, text)
      case 'leave':
        return this.#leave(fd, text)
      default: {
        if (this.#isOurs(fd)) return this.#write(operation, fd, text)
        return this.#ask(operation, fd, text)
      }
    }
  }

  /** For another gateway: only what can be done here. */
  async performHere(operation: BusOperation, fd: number, text: string): Promise<Answer> {
    const { hub, reports } = this.#options
    switch (operation) {
      case 'kick':
        return false // comes as `kickThese`
      case 'kickThese': {
        const { fds, code, reason } = readKickThese(text)
        return this.#kickHere(fds, code, reason)
      }
      case 'report':
        return reports.sendHere(readAnnouncement(text))
      case 'reportThese': {
        const { fds, text: sent } = readReportThese(text)
        return reports.sendToThese(fds, sent)
      }
      case 'count':
        return hub.count(text || undefined)
      case 'isOpen':
        return hub.get(fd) !== undefined
      default:
        return this.#write(operation, fd, text)
    }
  }

  /** Whether a connection is open, wherever it is. @throws StoreAway */
  async isOpen(fd: number): Promise<boolean> {
    if (this.#isOurs(fd)) return this.#options.hub.get(fd) !== undefined
    return this.#ask('isOpen', fd, '')
  }

  /** Closes one connection, wherever it is. */
  kick(fd: number, code: number, reason: string): Promise<number> {
    return this.#kick({ target: fd, code, reason })
  }

  /** Ends a connection that is not of this gateway; nobody waits for it. */
  endForeign(fd: number, code: number, reason: string): void {
    this.#options.elsewhere?.tell(instanceOf(fd), 'kickThese', 0, JSON.stringify({ fds: [fd], code, reason }))
  }

  #isOurs(fd: number): boolean {
    return instanceOf(fd) === this.#options.instance
  }

  async #ask(operation: BusOperation, fd: number, text: string): Promise<boolean> {
    return (await this.#options.elsewhere?.ask(instanceOf(fd), operation, fd, text)) === true
  }

  #join(fd: number, group: string): Promise<boolean> {
    const { groups } = this.#options
    if (!this.#isOurs(fd)) return groups.during(group, this.#ask('join', fd, group))
    const leaving = this.#leaving.get(`${fd} ${group}`)
    if (leaving === undefined) return this.#write('join', fd, group)
    return groups.during(
      group,
      leaving.then(() => this.#write('join', fd, group)),
    )
  }

  /** What was sent to the group before still reaches who leaves: so this goes over the bus, as that did. */
  #leave(fd: number, group: string): Promise<boolean> {
    if (!this.#isOurs(fd)) return this.#leaveByBus(fd, group)
    if (this.#options.elsewhere === undefined) return this.#write('leave', fd, group)
    const key = `${fd} ${group}`
    const leave = this.#leaveByBus(fd, group).catch((error: unknown) => {
      if (!isStoreAway(error)) throw error
      return Promise.race([this.#write('leave', fd, group), failLater(error)])
    })
    const over = leave
      .catch(() => {}) // told to who asked
      .then(() => {
        if (this.#leaving.get(key) === over) this.#leaving.delete(key)
      })
    this.#leaving.set(key, over)
    return leave
  }

  async #leaveByBus(fd: number, group: string): Promise<boolean> {
    const { broker } = this.#options
    if (broker.busy(group)) await broker.passed(group)
    return this.#ask('leave', fd, group)
  }

  #kick({ target, code, reason }: Kick): Promise<number> {
    return this.kickAll(typeof target === 'number' ? { fd: target } : { audience: 'group', name: target }, code, reason)
  }

  /**
   * Closes connections, wherever they are. What was sent before arrives before it: so it goes over the bus, as that did, also to this
   * gateway's own.
   * @returns how many
   * @throws StoreAway
   */
  async kickAll(target: Announcement['target'], code: number, reason: string): Promise<number> {
    const { instance, broker, elsewhere } = this.#options
    await broker.passed()
    const fds = await this.#fdsOf(target)
    if (elsewhere === undefined) return this.#kickHere(fds, code, reason)
    const counts = [...byInstance(fds)].map(async ([owner, theirs]) => {
      try {
        return Number((await elsewhere.ask(owner, 'kickThese', 0, JSON.stringify({ fds: theirs, code, reason }))) ?? 0)
      } catch (error) {
        if (owner !== instance || !isStoreAway(error)) throw error
        return this.#kickHere(theirs, code, reason)
      }
    })
    return (await Promise.all(counts)).reduce((all, one) => all + one, 0)
  }

  /** @throws TypeError for an audience of which the record does not say who is in it */
  async #fdsOf(target: Announcement['target']): Promise<number[]> {
    const { redis } = this.#options
    if ('fd' in target) return [target.fd]
    const { audience, name } = target
    if (audience === 'group') return readFds(redis, name)
    if (audience === 'user') return (await redis.zrange(userFdsKeyOf(name), 0, '-1')).map(Number)
    throw new TypeError('a kick is for one connection, a group or a user')
  }

  #kickHere(fds: readonly number[], code: number, reason: string): number {
    const connections = fds.flatMap((fd) => this.#options.hub.get(fd) ?? [])
    for (const connection of connections) connection.end(code, reason)
    return connections.length
  }

  async #write(operation: Exclude<Operation, 'kick' | 'count' | 'report'>, fd: number, name: string): Promise<boolean> {
    const { hub, lease } = this.#options
    // What a gateway writes that was taken for dead, nobody takes off again (rule 14).
    if (!lease.sure(performance.now())) await lease.confirm()
    const connection = hub.get(fd)
    return connection !== undefined && this.#writeOf(operation, connection, name)
  }

  async #writeOf(
    operation: Exclude<Operation, 'kick' | 'count' | 'report'>,
    connection: Connection,
    name: string,
  ): Promise<boolean> {
    const { registry, groups } = this.#options
    switch (operation) {
      case 'join':
        return groups.join(connection, name)
      case 'leave':
        await groups.leave(connection, name)
        return true
      case 'addCloseKey':
        await registry.addCloseKey(connection, name)
        return true
      case 'removeCloseKey':
        await registry.removeCloseKey(connection, name)
        return true
      case 'addController':
        await registry.addController(connection, name)
        return true
      case 'removeController':
        await registry.removeController(connection, name)
        return true
    }
  }
}
