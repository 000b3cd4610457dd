import { log } from '../../Library/Log/Log'
import { Tally } from '../../Library/Log/Tally'
import { CLOSES } from '../Errors'
import type { Audience, Outgoing, ToGateway } from '../Link/Contract'
import { workerCounts } from '../Metrics/WorkerCounts'
import type { Parts } from '../Wire/Protocol'

const MIB = 1024 * 1024

/** What may wait on its way to the gateway, in bytes. */
const LIMIT = 64 * MIB

/** How much of that one connection may have, in characters, so that there is room for the answers to others. */
const SHARE = 16 * MIB

/** With less than this on its way, in bytes, nobody counts whose it is. */
const QUIET = MIB

/**
 * What a worker sends. A worker that sends faster than the gateway can take costs bounded memory: beyond the limit group sends are
 * dropped and counted, and a direct send ends its target, which would otherwise miss something in silence. So does a direct send
 * beyond the share of one target, so that who is flooded does not take along those who only want their answer.
 */
export class Outbox {
  readonly #link: Outgoing<ToGateway>
  /** What was sent to whom since it was quiet; Infinity: it was ended. */
  readonly #shares = new Map<number, number>()
  readonly #dropped = new Tally<'group send' | 'direct send'>((what, count) => {
    log.error({ what, count }, 'user code sends faster than the gateway can take: messages were dropped')
  })

  constructor(link: Outgoing<ToGateway>) {
    this.#link = link
  }

  send(fd: number, { head, tail }: Parts): void {
    const { waiting } = this.#link
    if (waiting <= QUIET) {
      if (this.#shares.size > 0) this.#shares.clear()
      return this.#link.send(fd, head, false, tail)
    }
    const share = this.#shares.get(fd) ?? 0
    if (waiting <= LIMIT && share <= SHARE) {
      this.#shares.set(fd, share + head.length + tail.length)
      return this.#link.send(fd, head, false, tail)
    }
    if (share !== Number.POSITIVE_INFINITY) this.#link.end(fd, CLOSES.overload.code, CLOSES.overload.reason)
    this.#shares.set(fd, Number.POSITIVE_INFINITY) // once is enough
    this.#drop('direct send')
  }

  publish(audience: Audience, name: string, except: readonly number[], from: number, { head, tail }: Parts): void {
    if (this.#link.waiting <= LIMIT) return this.#link.publish(audience, name, except, from, head, tail)
    this.#drop('group send')
  }

  #drop(what: 'group send' | 'direct send'): void {
    workerCounts.dropped[what]++
    this.#dropped.add(what)
  }
}
