import { Account } from './Account'
import { samplesOfGateway, samplesOfWorker } from './Metrics'
import { type Sample, Samples } from './Samples'

/** How much later than the end of a process the last thing that it told may come, in milliseconds. */
const NEWS_MS = 1000

/**
 * What all processes that the supervisor has ever started have counted. What those counted that have ended is kept, so that no
 * counter goes down when a process is replaced.
 */
class Ledger {
  readonly #living = new Set<Account>()
  /** They have ended just now. */
  readonly #ended = new Set<Account>()
  readonly #past = new Samples()

  get living(): Iterable<Account> {
    return this.#living
  }

  /** A process has been started. */
  open(): Account {
    const account = new Account()
    this.#living.add(account)
    return account
  }

  /** It has ended. */
  close(account: Account): void {
    this.#living.delete(account)
    this.#ended.add(account)
    setTimeout(() => {
      this.#ended.delete(account)
      this.#past.add(countsOf(account))
    }, NEWS_MS).unref()
  }

  /** What those that live and those that have ended come to. */
  total(): Samples {
    const total = new Samples()
    total.add(this.#past.all)
    for (const account of this.#ended) total.add(countsOf(account))
    for (const account of this.#living) total.add(samplesOf(account))
    return total
  }
}

function samplesOf(account: Account): Sample[] {
  const { gateway, worker } = account.told
  const delayMs = account.longestDelay()
  return [
    ...(gateway ? samplesOfGateway({ ...gateway, delayMs }) : []),
    ...(worker ? samplesOfWorker({ ...worker, delayMs }) : []),
  ]
}

const countsOf = (account: Account) => samplesOf(account).filter(({ metric }) => metric.type !== 'gauge')

/** Of the processes of this supervisor. */
export const ledger = new Ledger()
