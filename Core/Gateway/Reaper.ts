import type { Redis } from 'ioredis'
import { isStoreAway } from '../../Library/Cache/Cache'
import { log } from '../../Library/Log/Log'
import { DEAD, INSTANCE_LIST, instanceFdsKey, leaseKey, reaperKey } from '../Record/Keys'
import { CONDEMN, HOLD, REFUSED } from '../Record/Scripts'
import type { Closes } from './Closes'
import { LEASE_MS, type Lease } from './Lease'
import type { Registry } from './Registry'

/** How often the leases of the others are looked at, in milliseconds. */
const LOOK_MS = 1000

/** How long the claim to a dead instance lasts that is not renewed, and how often it is, in milliseconds. */
const CLAIM_MS = 6000
const RENEW_MS = 2000

/** How long a tombstone stands, in milliseconds: longer than any pause, and than anybody needs a dead fd explained. */
const TOMBSTONE_MS = 30 * 24 * 3600 * 1000

/** Closes of dead connections at once. */
const AT_ONCE = 64

/** What a client that vanished is closed with. */
const VANISHED = 1006

export interface ReaperOptions {
  readonly redis: Redis
  readonly lease: Lease
  readonly registry: Registry
  readonly closes: Closes
  /** Whether there is a worker to run hooks. */
  readonly ready: () => boolean
}

/**
 * Takes the connections of gateways that have died off the record: first their hooks, in a worker of this machine, then their groups
 * and keys, by the code that does so for the living. One gateway does it, by a claim that runs out when that one dies, too.
 */
export class Reaper {
  readonly #options: ReaperOptions
  /** Instances whose process is dead for certain, with the boot id it had. */
  readonly #certain = new Map<number, string>()
  #timer: NodeJS.Timeout | undefined
  #looking = false

  constructor(options: ReaperOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** The supervisor has seen the process of this instance end: its lease need not run out. */
  condemn(instance: number, boot: string): void {
    this.#certain.set(instance, boot)
    this.#look()
  }

  /** This gateway itself has gone, in good order. @param clean nothing of it stands on record any more */
  async bury(clean: boolean): Promise<void> {
    const { redis, lease } = this.#options
    this.stop()
    const ours = await redis.eval(CONDEMN.lua, 1, leaseKey(lease.instance), lease.boot, DEAD, TOMBSTONE_MS)
    if (clean && ours === 1) await redis.srem(INSTANCE_LIST, lease.instance)
  }

  async #look(): Promise<void> {
    const { redis, lease, ready } = this.#options
    if (this.#looking || !ready()) return
    this.#looking = true
    try {
      const listed = (await redis.smembers(INSTANCE_LIST)).map(Number)
      const others = new Set([...listed, ...this.#certain.keys()])
      others.delete(lease.instance)
      for (const instance of others) if (await this.#isDead(instance)) await this.#reap(instance)
    } catch (error) {
      if (!isStoreAway(error)) log.error({ err: error }, 'the leases of other gateways could not be looked at')
    }
    this.#looking = false
  }

  /**
   * A lease that has run out counts only for one who was in contact with Redis for as long as a lease lasts: when a Redis that stood
   * still comes back, the leases of the living are missing, too (rule 14).
   */
  async #isDead(instance: number): Promise<boolean> {
    const { redis, lease } = this.#options
    const key = leaseKey(instance)
    const boot = this.#certain.get(instance)
    const holder = await redis.get(key)
    if (holder === DEAD) return true
    const dead = holder === null ? boot !== undefined || lease.contactMs >= LEASE_MS : holder === boot
    return dead && (await redis.eval(CONDEMN.lua, 1, key, boot ?? '', DEAD, TOMBSTONE_MS)) === 1
  }

  async #reap(instance: number): Promise<void> {
    const { redis, lease } = this.#options
    if (!(await this.#claim(instance))) return // another gateway is at it
    let ours = true
    const renew = setInterval(async () => {
      ours = await this.#claim(instance).catch(() => false)
    }, RENEW_MS)
    try {
      const fds = (await redis.smembers(instanceFdsKey(instance))).map(Number)
      if (fds.length > 0)
        log.warn({ instance, connections: fds.length }, 'a gateway has died; its connections are closed')
      const waiting = fds.values()
      const hands = Array.from({ length: AT_ONCE }, async () => {
        for (const fd of waiting) if (ours && lease.sure(performance.now())) await this.#close(fd)
      })
      // All of them, also when one fails: the next look must not close what a hand of this one is still at.
      const ends = await Promise.allSettled(hands)
      for (const end of ends) if (end.status === 'rejected') throw end.reason
      const left = await redis.scard(instanceFdsKey(instance))
      if (!ours || left > 0) return // whoever looks next goes on
      await Promise.all([redis.srem(INSTANCE_LIST, instance), redis.del(reaperKey(instance))])
      this.#certain.delete(instance)
      log.info({ instance, connections: fds.length }, 'a dead gateway is off the record')
    } finally {
      clearInterval(renew)
    }
  }

  async #claim(instance: number): Promise<boolean> {
    const { redis, lease } = this.#options
    return (await redis.eval(HOLD.lua, 1, reaperKey(instance), lease.boot, CLAIM_MS)) !== REFUSED
  }

  async #close(fd: number): Promise<void> {
    const { registry, closes } = this.#options
    const connection = await registry.recall(fd)
    await closes.run(connection, VANISHED, 0)
    await registry.forget(connection)
  }
}
