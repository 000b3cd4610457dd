import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { StoreAway } from '../../Library/Cache/Cache'
import { log } from '../../Library/Log/Log'
import { gatewayCounts } from '../Metrics/GatewayCounts'
import { INSTANCE_LIST, INSTANCES, leaseKey } from '../Record/Keys'
import { HOLD, RAISE, REFUSED, TAKEN } from '../Record/Scripts'

/** How long a lease lasts that is not renewed, in milliseconds: then the gateway counts as dead. */
export const LEASE_MS = 6000

/** How often it is renewed, in milliseconds. */
const RENEW_MS = 2000

/** How long a gateway that could not ask Redis goes on before it tries again, in milliseconds. */
const DOUBT_MS = 3000

/** Renewals that lie further apart than this were not one contact: in between a lease may have run out unseen. In milliseconds. */
const GAP_MS = LEASE_MS - RENEW_MS

/** How often a gateway that stood still asks until it knows, in milliseconds. */
const ASK_MS = 100

/** What becomes of a lease. */
export interface Tenant {
  /** Redis had forgotten the lease: it has forgotten other things, too. */
  regained(): void
  /** Somebody else has the number, or has taken this gateway off the record: it must not go on. */
  lost(): void
}

/**
 * A gateway's right to its instance number, and so to its fds. Redis may forget it (then it is taken again), but what another one
 * has taken over is gone for good: a gateway that was paused, or cut off from Redis, finds out here before it does anything else.
 */
export class Lease {
  readonly instance: number
  /** Tells this boot from every other one that ever has the same number. */
  readonly boot: string
  readonly #redis: Redis
  readonly #counter: number
  #tenant: Tenant | undefined
  #timer: NodeJS.Timeout | undefined
  #renewing: Promise<void> | undefined
  #asking: Promise<void> | undefined
  #sureUntil = 0
  #heldAt = 0
  /** When this gateway last knew that it had not stood still for as long as a lease lasts. */
  #awakeAt = 0
  #contactSince: number | undefined
  /** How long Redis took to renew it the last time, in milliseconds. */
  latencyMs = 0
  /** It is somebody else's, or nobody's any more. */
  lost = false

  private constructor(redis: Redis, counter: number, first: number, boot: string, sent: number) {
    this.#redis = redis
    this.#counter = counter
    this.instance = counter - 1 + first
    this.boot = boot
    this.latencyMs = performance.now() - sent
    this.#held(sent)
    // One that came back may have forgotten the leases of the living, however short it was away.
    redis.on('close', () => {
      this.#contactSince = undefined
    })
  }

  /**
   * Takes a number that nobody has. One that somebody has, although the counter has just come to it, belongs to a gateway that
   * Redis has forgotten for a moment.
   * @param first the number that the first instance gets
   */
  static async claim(redis: Redis, first: number): Promise<Lease> {
    const boot = randomUUID()
    for (;;) {
      const counter = await redis.incr(INSTANCES)
      const instance = counter - 1 + first
      const sent = performance.now()
      const answer = await redis.eval(HOLD.lua, 1, leaseKey(instance), boot, LEASE_MS)
      if (answer === REFUSED) continue
      await redis.sadd(INSTANCE_LIST, instance)
      return new Lease(redis, counter, first, boot, sent)
    }
  }

  /** Renews it from now on. */
  keep(tenant: Tenant): void {
    this.#tenant = tenant
    this.#timer = setInterval(() => this.renew(), RENEW_MS)
  }

  /** Whether nobody can have taken the number over; or Redis could not be asked a moment ago, which must not stop the service. */
  sure(now: number): boolean {
    return !this.lost && now < this.#sureUntil
  }

  /**
   * Waits until nobody can have taken the number over.
   * @throws StoreAway when somebody has, or Redis cannot be asked
   */
  async confirm(): Promise<void> {
    if (!this.sure(performance.now())) await this.renew()
    if (!this.sure(performance.now()))
      throw new StoreAway('this gateway stood still, and does not know what became of its lease')
  }

  /** Resolves when it is known whether somebody has taken the number over, however long Redis cannot be asked. */
  known(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  /** How long the contact with Redis is unbroken, in milliseconds: every renewal has been answered in time, on one connection. */
  get contactMs(): number {
    const now = performance.now()
    return this.#contactSince === undefined || now - this.#heldAt > GAP_MS ? 0 : now - this.#contactSince
  }

  /** Resolves when it is renewed or lost, or Redis cannot be asked. Never rejects. */
  renew(): Promise<void> {
    if (this.lost) return Promise.resolve()
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined
    })
    return this.#renewing
  }

  /** Raises the counter to at least this one's own number: a Redis that came back empty must not give it out again. */
  async raise(): Promise<void> {
    await this.#redis.eval(RAISE.lua, 1, INSTANCES, this.#counter)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #renew(): Promise<void> {
    const sent = performance.now()
    try {
      const redis = this.#redis
      const [answer] = await Promise.all([
        redis.eval(HOLD.lua, 1, leaseKey(this.instance), this.boot, LEASE_MS),
        redis.sadd(INSTANCE_LIST, this.instance),
      ])
      this.latencyMs = performance.now() - sent
      if (answer === REFUSED) return this.#end()
      this.#held(sent)
      if (answer === TAKEN) this.#tenant?.regained()
    } catch (error) {
      log.debug({ err: error }, 'the lease could not be renewed')
      gatewayCounts.storeErrors++
      this.#contactSince = undefined
      this.#doubted(performance.now())
    }
  }

  async #ask(): Promise<void> {
    for (;;) {
      if (!this.sure(performance.now())) await this.renew()
      if (this.lost || this.sure(performance.now())) return
      await sleep(ASK_MS)
    }
  }

  /** It goes on; not after a pause in which others may have found the lease run out: then it has to be known first (rule 14). */
  #doubted(now: number): void {
    if (now - this.#awakeAt > LEASE_MS) return
    this.#awakeAt = now
    this.#sureUntil = Math.max(this.#sureUntil, now + DOUBT_MS)
  }

  #held(sent: number): void {
    if (sent - this.#heldAt > GAP_MS) this.#contactSince = undefined
    this.#heldAt = sent
    this.#awakeAt = sent
    this.#sureUntil = sent + LEASE_MS
    this.#contactSince ??= sent
  }

  #end(): void {
    if (this.lost) return
    this.lost = true
    this.stop()
    this.#tenant?.lost()
  }
}
