import { log } from '../../Library/Log/Log'
import { Tally } from '../../Library/Log/Tally'
import type { Ways } from '../App/Kernel'
import { Link } from '../App/Link'
import type { Outgoing, ToGateway } from '../Link/Contract'
import { workerCounts } from '../Metrics/WorkerCounts'
import { instanceOf } from '../Record/Keys'

/** The links of a worker: one to each gateway of this machine. */
export class Links implements Ways {
  readonly #byInstance = new Map<number, Link>()

  add(instance: number, toGateway: Outgoing<ToGateway>): Link {
    const link = new Link(instance, toGateway)
    this.#byInstance.set(instance, link)
    return link
  }

  /** The gateway has gone. */
  lose(link: Link): void {
    link.lose()
    if (this.#byInstance.get(link.instance) === link) this.#byInstance.delete(link.instance)
  }

  to(fd: number, own: Link | undefined): Link {
    return this.#byInstance.get(instanceOf(fd)) ?? this.home(own)
  }

  home(own: Link | undefined): Link {
    if (own?.alive) return own
    for (const link of this.#byInstance.values()) return link
    return NOWHERE
  }
}

const dropped = new Tally<'direct send' | 'group send'>((what, count) => {
  log.error({ what, count }, 'this worker has no link to any gateway: messages were dropped')
})

function drop(what: 'direct send' | 'group send'): void {
  workerCounts.dropped['no gateway']++
  dropped.add(what)
}

/** What a worker without any gateway writes to. */
const toNobody: Outgoing<ToGateway> = {
  waiting: 0,
  send: () => drop('direct send'),
  publish: () => drop('group send'),
  end: () => {},
  session: () => {},
  done: () => {},
  told: () => {},
  closed: () => {},
  ask: () => {},
}

const NOWHERE = new Link(-1, toNobody)
NOWHERE.lose()
