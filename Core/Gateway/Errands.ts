import { CLOSES } from '../Errors'
import { type Announcement, COUNT_ONLY } from '../Link/Contract'
import type { Reached, Whom } from '../Orders'
import { userKey } from '../Record/Keys'
import { encodeReply } from '../Wire/Protocol'
import type { Healing } from './Healing'
import type { Operations } from './Operations'
import type { Reports } from './Reports'

/** What the console wants of connections, on whatever machine they are. */
export class Errands {
  readonly #reports: Reports
  readonly #operations: Operations
  readonly #healing: Healing

  constructor(reports: Reports, operations: Operations, healing: Healing) {
    this.#reports = reports
    this.#operations = operations
    this.#healing = healing
  }

  /** @param text undefined: they are only counted @returns whom it has reached @throws StoreAway */
  say(whom: Whom, text: string | undefined): Promise<Reached> {
    const broadcast = text === undefined ? COUNT_ONLY : encodeReply('serverBroadcast', text)
    return this.#reports.send({ target: targetOf(whom), except: [], text: broadcast })
  }

  /** @returns whom it has reached @throws StoreAway */
  async kick(whom: Whom): Promise<Reached> {
    const { code, reason } = CLOSES.kicked
    const count = await this.#operations.kickAll(targetOf(whom), code, reason)
    return { targeted: count, delivered: count, dropped: 0 }
  }

  /** @returns the fds on this gateway's record that are none of its connections @param fix takes them off @throws StoreAway */
  async audit(fix: boolean): Promise<number[]> {
    const strangers = await this.#healing.strangers()
    if (fix && strangers.length > 0) await this.#healing.start()
    return strangers
  }
}

/** The same in the words of the link. */
function targetOf(whom: Whom): Announcement['target'] {
  if (whom === 'everybody') return { audience: 'all', name: '' }
  if ('fd' in whom) return whom
  if ('group' in whom) return { audience: 'group', name: whom.group }
  return { audience: 'user', name: userKey(whom.type, whom.user) }
}
