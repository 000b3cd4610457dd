import { log } from '../../Library/Log/Log'
import { Tally } from '../../Library/Log/Tally'
import { CLOSES } from '../Errors'
import type { Audience, Outgoing, ToGateway } from '../Link/Contract'

/** What may wait on its way to the gateway, in bytes. */
const LIMIT = 64 * 1024 * 1024

/**
 * What a worker sends. A worker that sends faster than the gateway can take costs bounded memory: beyond the limit group sends are
 * dropped and counted, and a direct send ends its target, which would otherwise miss something in silence.
 */
export class Outbox {
  readonly #link: Outgoing<ToGateway>
  readonly #dropped = new Tally<'group send' | 'direct send'>((what, count) => {
    log.error({ what, count }, 'user code sends faster than the gateway can take: messages were dropped')
  })

  constructor(link: Outgoing<ToGateway>) {
    this.#link = link
  }

  send(fd: number, text: string): void {
    if (this.#link.waiting <= LIMIT) return this.#link.send(fd, text, false)
    this.#link.end(fd, CLOSES.overload.code, CLOSES.overload.reason)
    this.#dropped.add('direct send')
  }

  publish(audience: Audience, name: string, except: readonly number[], text: string): void {
    if (this.#link.waiting <= LIMIT) return this.#link.publish(audience, name, except, text)
    this.#dropped.add('group send')
  }

  session(fd: number, slot: string, json: string): void {
    this.#link.session(fd, slot, json)
  }
}
