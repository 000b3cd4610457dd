import type { Redis } from 'ioredis'
import { type Announcement, COUNT_ONLY, type Outcome } from '../Link/Contract'
import { gatewayCounts } from '../Metrics/GatewayCounts'
import { ALL_CHANNEL, byInstance, groupChannel } from '../Record/Keys'
import type { Bus } from './Bus'
import type { Elsewhere } from './Elsewhere'
import type { Groups } from './Groups'
import type { Hub } from './Hub'
import { readFds } from './Sets'

export interface ReportsOptions {
  readonly instance: number
  readonly hub: Hub
  readonly groups: Groups
  readonly redis: Redis
  /** The way to other gateways; undefined: there are none. */
  readonly bus: Bus | undefined
  readonly elsewhere: Elsewhere | undefined
  /** Whether a key is always sent by the set. */
  readonly isRaw: (key: string) => boolean
}

/** Messages whose sender wants to know whom they reached: every gateway that has a part in it is asked, and waited for. */
export class Reports {
  readonly #options: ReportsOptions

  constructor(options: ReportsOptions) {
    this.#options = options
  }

  /** Sends, and counts whom it reached, in all gateways. @throws StoreAway */
  async send(announcement: Announcement): Promise<Outcome> {
    const { target, except } = announcement
    if ('fd' in target) return except.includes(target.fd) ? NOBODY : this.#sendTo([target.fd], announcement)
    gatewayCounts.broadcasts[target.audience]++
    if (target.audience === 'group') return this.#sendToGroup(target.name, announcement)
    const { elsewhere } = this.#options
    if (elsewhere === undefined) return this.sendHere(announcement)
    return sum(await elsewhere.askAll(ALL_CHANNEL, 'report', 0, JSON.stringify(announcement)))
  }

  /** The same in this gateway alone. */
  sendHere({ target, except, text }: Announcement): Outcome {
    if ('fd' in target) return NOBODY
    const connections = this.#options.hub.audience(target.audience, target.name, except)
    const delivered = connections.filter((connection) => text === COUNT_ONLY || connection.send(text)).length
    if (text !== COUNT_ONLY) gatewayCounts.deliveries += delivered
    return { targeted: connections.length, delivered, dropped: connections.length - delivered }
  }

  /** Sends to these connections of this gateway. */
  sendToThese(fds: readonly number[], text: string): Outcome {
    const connections = fds.flatMap((fd) => this.#options.hub.get(fd) ?? [])
    const delivered = connections.filter((connection) => text === COUNT_ONLY || connection.send(text)).length
    if (text !== COUNT_ONLY) gatewayCounts.deliveries += delivered
    return { targeted: fds.length, delivered, dropped: fds.length - delivered }
  }

  /** To those who listen to it; when nobody does, to those who stand in its set. */
  async #sendToGroup(name: string, announcement: Announcement): Promise<Outcome> {
    const { instance, hub, groups, redis, bus, elsewhere, isRaw } = this.#options
    await groups.settled(name)
    const here = hub.members(name) !== undefined
    if (!isRaw(name) && elsewhere && (!here || bus?.hears(groupChannel(name)))) {
      const answers = await elsewhere.askAll(groupChannel(name), 'report', instance, JSON.stringify(announcement))
      if (answers.length > 0) return sum(answers)
    } else if (!isRaw(name) && here) return this.sendHere(announcement)
    const fds = await readFds(redis, name)
    return this.#sendTo(
      fds.filter((fd) => !announcement.except.includes(fd)),
      announcement,
    )
  }

  async #sendTo(fds: readonly number[], { text }: Announcement): Promise<Outcome> {
    const { instance, elsewhere } = this.#options
    const outcomes = [...byInstance(fds)].map(async ([owner, theirs]) => {
      if (owner === instance) return this.sendToThese(theirs, text)
      const answer = await elsewhere?.ask(owner, 'reportThese', 0, JSON.stringify({ fds: theirs, text }))
      return answer ?? { targeted: theirs.length, delivered: 0, dropped: theirs.length }
    })
    return sum(await Promise.all(outcomes))
  }
}

const NOBODY: Outcome = { targeted: 0, delivered: 0, dropped: 0 }

function sum(outcomes: readonly unknown[]): Outcome {
  return outcomes.filter(isOutcome).reduce((all, one) => {
    const { targeted, delivered, dropped } = one
    return {
      targeted: all.targeted + targeted,
      delivered: all.delivered + delivered,
      dropped: all.dropped + dropped,
    }
  }, NOBODY)
}

function isOutcome(value: unknown): value is Outcome {
  return typeof value === 'object' && value !== null && 'targeted' in value
}
