import type { Redis } from 'ioredis'
import type { Subscriber } from '../../Library/Cache/Cache'
import { isStoreAway, StoreAway } from '../../Library/Cache/Cache'
import { deadline } from '../../Library/Deadline'
import { log } from '../../Library/Log/Log'
import { Tally } from '../../Library/Log/Tally'
import { BrokenRecord } from '../Link/Records'
import { gatewayCounts } from '../Metrics/GatewayCounts'
import { decodeEnvelope, type Envelope, encodeEnvelope } from './Envelope'

/** Published and not yet answered: beyond this workers wait. */
const MOST_UNANSWERED = 2000
const MOST_UNANSWERED_BYTES = 8 * 1024 * 1024

/** Envelopes that came and wait for their turn; beyond it the socket is not read. */
const MOST_WAITING = 500

/** Deliveries to sockets that one turn makes, so that the bus cannot keep the gateway from its heartbeats (rule 6). */
const TURN = 5000

/** Channels in one SUBSCRIBE. */
const BATCH = 500

/** How long a channel may take to be listened to, in milliseconds. */
const LISTEN_MS = 800

/** How often Redis is asked whether it is still there, and how long it may say nothing then, in milliseconds. */
const ASK_MS = 1000
const SILENT_MS = 3000

interface Ear {
  /** Redis has confirmed it on the present connection. */
  hears: boolean
  readonly waiting: Set<(refusal?: Error) => void>
}

/** The way between gateways: Redis channels. What is published reaches everybody who listens, the publisher too, in one order. */
export class Bus {
  readonly #redis: Redis
  readonly #subscriber: Subscriber
  readonly #prefix: string
  readonly #ears = new Map<string, Ear>()
  readonly #dropped = new Tally<string>((reason, count) => {
    log.error({ reason, count }, 'what came over the bus was dropped: another version of this server, or a stranger')
  })
  #hear: (envelope: Envelope) => number = () => 0
  #inbox: Buffer[] = []
  #budget = TURN
  #pumping = false
  readonly #asking: NodeJS.Timeout
  #lookedAt = performance.now()
  /** When Redis was asked something that it has not answered, or has said something else since. */
  #askedAt: number | undefined
  readonly #unanswered = new Set<Promise<number>>()
  #unansweredBytes = 0

  /**
   * @param redis publishes
   * @param subscriber a client of the bus's own; it must not subscribe again by itself, nor take it for silence when it is not read
   */
  constructor(redis: Redis, subscriber: Subscriber) {
    this.#redis = redis
    this.#subscriber = subscriber
    this.#prefix = redis.options.keyPrefix ?? '' // ioredis puts it before keys, not before channels
    subscriber.on('messageBuffer', (_channel: Buffer, bytes: Buffer) => this.#came(bytes))
    subscriber.on('ready', () => this.#listenAgain())
    subscriber.on('close', () => this.#deaf())
    this.#asking = setInterval(() => this.#ask(), ASK_MS)
  }

  /** @param hear handles an envelope; returns to how many sockets it gave something */
  serve(hear: (envelope: Envelope) => number): void {
    this.#hear = hear
  }

  /** So much is on its way that nothing should be added for now. */
  get full(): boolean {
    return this.#unanswered.size >= MOST_UNANSWERED || this.#unansweredBytes >= MOST_UNANSWERED_BYTES
  }

  /**
   * @returns how many gateways heard it
   * @throws StoreAway and whatever else Redis says
   */
  async publish(channel: string, envelope: Envelope): Promise<number> {
    const bytes = encodeEnvelope(envelope)
    gatewayCounts.envelopesPublished++
    const heard = this.#redis.publish(this.#prefix + channel, bytes)
    this.#unanswered.add(heard)
    this.#unansweredBytes += bytes.length
    try {
      return await heard
    } finally {
      this.#unanswered.delete(heard)
      this.#unansweredBytes -= bytes.length
    }
  }

  /** Resolves when Redis has taken, or refused, what was published until now. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#unanswered)
  }

  /** Whether what is published on a channel now reaches this gateway. */
  hears(channel: string): boolean {
    return this.#ears.get(channel)?.hears ?? false
  }

  /**
   * Listens to a channel until `leave`.
   * @returns when Redis has confirmed it: what is published from then on arrives
   * @throws StoreAway when it does not within 0.8 s; it is listened to all the same as soon as Redis is back. What Redis refuses it with
   */
  listen(channel: string): Promise<void> {
    let ear = this.#ears.get(channel)
    if (ear?.hears) return Promise.resolve()
    if (ear === undefined) {
      ear = { hears: false, waiting: new Set() }
      this.#ears.set(channel, ear)
      if (this.#subscriber.status === 'ready') this.#subscribe([channel])
    }
    const { waiting } = ear
    return new Promise((resolve, reject) => {
      const settle = (refusal?: Error) => {
        end()
        waiting.delete(settle)
        if (refusal) reject(refusal)
        else resolve()
      }
      const end = deadline(LISTEN_MS, () => {
        settle(new StoreAway(`Redis did not confirm the subscription to ${channel}`))
      })
      waiting.add(settle)
    })
  }

  leave(channel: string): void {
    if (!this.#ears.delete(channel) || this.#subscriber.status !== 'ready') return
    this.#subscriber.unsubscribe(this.#prefix + channel).catch(() => {}) // its connection ended, and the subscription with it
  }

  close(): void {
    clearInterval(this.#asking)
    this.#subscriber.disconnect()
  }

  #subscribe(channels: readonly string[]): void {
    const ears = channels.map((channel) => this.#ears.get(channel))
    this.#subscriber.subscribe(...channels.map((channel) => this.#prefix + channel)).then(
      () => {
        for (const ear of ears) {
          if (ear === undefined) continue
          ear.hears = true
          for (const settle of ear.waiting) settle()
        }
      },
      (error: unknown) => {
        if (isStoreAway(error) || !(error instanceof Error)) return // `#listenAgain` comes back to it
        log.error({ err: error }, 'Redis does not let this gateway listen to the others')
        for (const ear of ears) for (const settle of ear?.waiting ?? []) settle(error)
      },
    )
  }

  #listenAgain(): void {
    const channels = [...this.#ears.keys()]
    for (let at = 0; at < channels.length; at += BATCH) this.#subscribe(channels.slice(at, at + BATCH))
  }

  #deaf(): void {
    let channels = 0
    for (const ear of this.#ears.values()) {
      if (ear.hears) channels++
      ear.hears = false
    }
    if (channels === 0) return
    log.warn({ channels }, 'the bus is interrupted: messages that other gateways send to groups now are missed here')
  }

  /** A Redis that vanished without a word ends no connection, and would not be missed. What this side does not read is no silence. */
  #ask(): void {
    const now = performance.now()
    const late = now - this.#lookedAt > 2 * ASK_MS // this process stood still: what has come was not read yet
    this.#lookedAt = now
    if (this.#subscriber.status !== 'ready') this.#askedAt = undefined
    else if (this.#askedAt === undefined) {
      this.#askedAt = now
      const answered = () => {
        this.#askedAt = undefined
      }
      this.#subscriber.ping().then(answered, answered)
    } else if (late || this.#inbox.length > 0) this.#askedAt = now
    else if (now - this.#askedAt > SILENT_MS) {
      this.#askedAt = undefined
      this.#subscriber.disconnect(true)
    }
  }

  #came(bytes: Buffer): void {
    gatewayCounts.envelopesReceived++
    if (this.#askedAt !== undefined) this.#askedAt = this.#lookedAt
    if (this.#inbox.length === 0 && this.#budget > 0) this.#handle(bytes)
    else this.#inbox.push(bytes)
    if (this.#inbox.length > MOST_WAITING) this.#subscriber.stream.pause()
    if (this.#pumping) return
    this.#pumping = true
    setImmediate(this.#pump)
  }

  readonly #pump = () => {
    this.#pumping = false
    this.#budget = TURN
    let done = 0
    while (this.#budget > 0 && done < this.#inbox.length) {
      const bytes = this.#inbox[done++]
      if (bytes) this.#handle(bytes)
    }
    this.#inbox.splice(0, done)
    if (this.#inbox.length > 0) {
      this.#pumping = true
      setImmediate(this.#pump)
    } else this.#subscriber.stream.resume()
  }

  #handle(bytes: Buffer): void {
    try {
      this.#budget -= 1 + this.#hear(decodeEnvelope(bytes))
    } catch (error) {
      this.#budget--
      if (!(error instanceof BrokenRecord)) throw error
      gatewayCounts.envelopesDropped++
      this.#dropped.add(error.message)
    }
  }
}
