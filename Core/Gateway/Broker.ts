import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { isStoreAway, StoreAway } from '../../Library/Cache/Cache'
import { log } from '../../Library/Log/Log'
import { Tally } from '../../Library/Log/Tally'
import type { Audience, Bytes } from '../Link/Contract'
import { countSent, gatewayCounts } from '../Metrics/GatewayCounts'
import { ALL_CHANNEL, byInstance, DEAD, groupChannel, instanceChannel, instanceOf, leaseKey } from '../Record/Keys'
import { Backlog } from './Backlog'
import type { Bus } from './Bus'
import type { Broadcast, Letter } from './Envelope'
import type { Groups } from './Groups'
import type { Hub } from './Hub'
import { Lanes } from './Lanes'
import { readFds } from './Sets'

/** Frames that a set gets in one turn. */
const TURN = 5000

/** A message for an audience. */
export interface Message {
  readonly audience: Audience
  readonly name: string
  readonly except: readonly number[]
  /** Valid only while the call lasts. */
  readonly text: Bytes
  /** Tells who sent it that it could not be sent. */
  readonly unsent: (() => void) | undefined
}

/** One that waits for its turn, to a group. */
interface Waiting {
  /** In the order in which they were sent. */
  readonly number: number
  readonly except: readonly number[]
  readonly text: Buffer
  readonly unsent: (() => void) | undefined
  /** Nobody listens to the group: its set says whom it is for. */
  readonly bySet: boolean
}

export interface BrokerOptions {
  readonly instance: number
  readonly hub: Hub
  readonly groups: Groups
  readonly redis: Redis
  /** The way to other gateways; undefined: there are none. */
  readonly bus: Bus | undefined
  /** Whether a key is always sent by the set. */
  readonly isRaw: (key: string) => boolean
  /** Instances below this one were never gateways of ours: MSwoole's fds begin at 1. */
  readonly firstInstance: number
}

/**
 * Brings messages to audiences, wherever their connections are. A message for a group is published once, for everybody and for this
 * gateway too, so that all members see one order; a key to which nobody listens is a set that was filled by hand, and is sent to by
 * fd, which is always right (rule 16). Without other gateways this one fans out by itself.
 */
export class Broker {
  readonly #options: BrokerOptions
  readonly #lanes: Lanes<Waiting>
  /** How many messages have been sent to groups. */
  #sent = 0
  /** Messages to groups of which Redis has not said yet whether anybody heard them. */
  readonly #underWay = new Backlog()
  readonly #lost = new Tally<'Redis is away' | 'Redis refused'>((reason, count) => {
    log.error({ reason, count }, 'messages to groups were lost: Redis did not take them')
  })

  constructor(options: BrokerOptions) {
    this.#options = options
    this.#lanes = new Lanes(
      (key) => this.#ready(key),
      (key, batch) => this.#deliver(key, batch),
      (batch, error) => this.#failed(batch, error),
    )
  }

  /** So much is on its way that nothing should be added for now. */
  get full(): boolean {
    return this.#lanes.full || (this.#options.bus?.full ?? false)
  }

  /** Whether something for a group waits for its turn. */
  busy(group: string): boolean {
    return this.#lanes.busy(group)
  }

  /** Resolves when everything that was sent to groups, or to one, before this is on the bus: what is told there then comes after it. */
  async passed(group?: string): Promise<void> {
    if (group === undefined) await this.#underWay.passed()
    await this.#lanes.passed(group)
  }

  /** @returns the deliveries that this took now */
  publish(message: Message): number {
    const { hub, groups, bus, isRaw } = this.#options
    const { audience, name } = message
    gatewayCounts.broadcasts[audience]++
    if (audience !== 'group') {
      if (bus === undefined) return this.here(message)
      this.#announce(bus, ALL_CHANNEL, message)
      return 1
    }
    const number = ++this.#sent
    if (this.#lanes.busy(name) || groups.joining(name) || isRaw(name)) return this.#wait(message, number, false)
    const here = hub.members(name) !== undefined
    if (bus === undefined) return here ? this.here(message) : this.#wait(message, number, true)
    // With members, and deaf: what is published now would not reach them.
    if (here && !bus.hears(groupChannel(name))) return this.#wait(message, number, true)
    this.#toListeners(bus, message, number)
    return 1
  }

  /** Gives a message to the connections of this gateway. @returns how many they are */
  here({ audience, name, except, text }: Omit<Broadcast, 'kind'>): number {
    const { hub } = this.#options
    if (audience === 'group' && except.length === 0) {
      const count = hub.members(name)?.size ?? 0
      if (count === 0) return 0
      hub.publish(name, text)
      countSent(count, Buffer.byteLength(text))
      gatewayCounts.deliveries += count
      return count
    }
    const connections = hub.audience(audience, name, except)
    for (const connection of connections) connection.send(text)
    gatewayCounts.deliveries += connections.length
    return connections.length
  }

  /** A message for connections of this gateway that another one found in a set. @returns how many they are */
  letter({ key, fds, text }: Letter): number {
    const { hub, redis } = this.#options
    const dead: number[] = []
    for (const fd of fds) {
      const connection = hub.get(fd)
      if (connection) connection.send(text)
      else dead.push(fd)
    }
    if (key === '') gatewayCounts.dropped['connection closed'] += dead.length
    else gatewayCounts.deliveries += fds.length - dead.length
    // It is tried again with the next message.
    if (key !== '' && dead.length > 0) redis.srem(key, ...dead).catch(() => {})
    return fds.length
  }

  /** A message for a connection that is not of this gateway. */
  sendForeign(fd: number, text: Bytes): void {
    const { bus, instance } = this.#options
    if (instanceOf(fd) === instance || bus === undefined) {
      gatewayCounts.dropped['connection closed']++
      return
    }
    const letter = { kind: 'letter', key: '', fds: [fd], text } as const
    bus.publish(instanceChannel(instanceOf(fd)), letter).catch((error: unknown) => this.#failed([{}], error))
  }

  #announce(bus: Bus, channel: string, message: Message): void {
    // Nothing would come back for the connections of this gateway.
    if (!bus.hears(channel)) return this.#failed([message], new StoreAway('the bus is interrupted'))
    bus.publish(channel, { kind: 'broadcast', ...message }).catch((error: unknown) => this.#failed([message], error))
  }

  /** To a group that somebody listens to; else by its set. */
  async #toListeners(bus: Bus, message: Omit<Message, 'audience'>, number: number): Promise<void> {
    const text = Buffer.from(message.text) // it may be needed once more
    const kept = { ...message, text, audience: 'group' } as const
    this.#underWay.enter()
    try {
      const heard = await bus.publish(groupChannel(message.name), { kind: 'broadcast', ...kept })
      if (heard === 0) this.#wait(kept, number, true)
    } catch (error) {
      this.#failed([message], error)
    } finally {
      this.#underWay.leave()
    }
  }

  #wait({ name, except, text, unsent }: Message, number: number, bySet: boolean): number {
    this.#lanes.add(name, { number, except, text: Buffer.from(text), unsent, bySet })
    return 1
  }

  /** The joins to a group are over, and of what was sent before it is known whether anybody heard it. */
  async #ready(name: string): Promise<void> {
    await this.#options.groups.settled(name)
    await this.#underWay.passed()
  }

  /** Brings neighbouring messages to their group, or to its set. */
  async #deliver(name: string, batch: readonly Waiting[]): Promise<void> {
    const { hub, bus, isRaw } = this.#options
    if (isRaw(name) || batch.some(({ bySet }) => bySet)) return this.#bySet(name, batch)
    if (bus === undefined) {
      if (hub.members(name) === undefined) return this.#bySet(name, batch)
      for (const message of batch) this.here({ audience: 'group', name, ...message })
      return
    }
    if (hub.members(name) !== undefined && !bus.hears(groupChannel(name))) return this.#bySet(name, batch)
    const unheard: Waiting[] = []
    const publish = async (message: Waiting) => {
      try {
        const broadcast = { kind: 'broadcast', audience: 'group', name, ...message } as const
        if ((await bus.publish(groupChannel(name), broadcast)) === 0) unheard.push(message)
      } catch (error) {
        this.#failed([message], error)
      }
    }
    await Promise.all(batch.map(publish))
    if (unheard.length > 0) await this.#bySet(name, unheard).catch((error: unknown) => this.#failed(unheard, error))
  }

  async #bySet(key: string, batch: readonly Waiting[]): Promise<void> {
    const { instance, bus } = this.#options
    for (const [owner, fds] of byInstance(await readFds(this.#options.redis, key))) {
      if (owner === instance) await this.#toOwn(key, fds, batch)
      else if (await this.#isDead(owner)) await this.#remove(key, fds)
      else if (bus) await this.#toOther(bus, owner, key, fds, batch)
    }
  }

  async #toOwn(key: string, fds: readonly number[], batch: readonly Waiting[]): Promise<void> {
    const { hub } = this.#options
    const dead: number[] = []
    let sent = 0
    for (const fd of fds) {
      const connection = hub.get(fd)
      if (connection === undefined) {
        dead.push(fd)
        continue
      }
      const texts = batch.flatMap(({ except, text }) => (except.includes(fd) ? [] : text))
      connection.sendAll(texts)
      gatewayCounts.deliveries += texts.length
      sent += texts.length
      if (sent < TURN) continue
      sent = 0
      await nextTurn()
    }
    await this.#remove(key, dead)
  }

  async #toOther(bus: Bus, owner: number, key: string, fds: number[], batch: readonly Waiting[]): Promise<void> {
    for (const { except, text } of batch) {
      const wanted = except.length === 0 ? fds : fds.filter((fd) => !except.includes(fd))
      for (let at = 0; at < wanted.length; at += TURN) {
        await bus.publish(instanceChannel(owner), { kind: 'letter', key, fds: wanted.slice(at, at + TURN), text })
      }
    }
  }

  /** Takes dead ones out of a set; some at a time, because a call takes only so many arguments. */
  async #remove(key: string, fds: readonly number[]): Promise<void> {
    for (let at = 0; at < fds.length; at += TURN) {
      await this.#options.redis.srem(key, ...fds.slice(at, at + TURN))
    }
  }

  /** Only a tombstone says so: a gateway that is cut off from Redis still has its connections (rule 16). */
  async #isDead(instance: number): Promise<boolean> {
    const { redis, firstInstance, bus } = this.#options
    if (instance < firstInstance || bus === undefined) return true
    return (await redis.get(leaseKey(instance))) === DEAD
  }

  #failed(batch: readonly { readonly unsent?: (() => void) | undefined }[], error: unknown): void {
    const away = isStoreAway(error)
    const reason = away ? 'Redis is away' : 'Redis refused'
    gatewayCounts.storeErrors++
    gatewayCounts.dropped[reason] += batch.length
    this.#lost.add(reason, batch.length)
    if (away) for (const { unsent } of batch) unsent?.()
  }
}
