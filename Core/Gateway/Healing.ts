import { log } from '../../Library/Log/Log'
import type { Hub } from './Hub'
import type { Lease } from './Lease'
import type { Registry } from './Registry'

/** How soon a record that could not be made right is made right again, in milliseconds. */
const RETRY_MS = 1000

/** When a record that has been made right is looked at once more, in milliseconds: a lost connection's last writes may come late. */
const AGAIN_MS = 2000

export interface HealingOptions {
  readonly hub: Hub
  readonly lease: Lease
  readonly registry: Registry
  /** Whether an fd has closed, and is about to be taken off the record. */
  readonly isClosing: (fd: number) => boolean
}

/** Makes the record right from what this gateway really holds: after Redis was away, or came back empty. */
export class Healing {
  readonly #options: HealingOptions
  #running: Promise<void> | undefined
  #again = false
  #later: NodeJS.Timeout | undefined
  #failed = false
  #stopped = false

  constructor(options: HealingOptions) {
    this.#options = options
  }

  async afterOutage(): Promise<void> {
    await this.#options.lease.renew()
    await this.start()
    if (!this.#failed) this.#startIn(AGAIN_MS)
  }

  /** One at a time; what is lost while it runs is healed by one more. */
  start(): Promise<void> {
    this.#again = this.#running !== undefined
    this.#running ??= this.#makeRight().finally(() => {
      this.#running = undefined
      if (this.#again) this.start()
    })
    return this.#running
  }

  /** @returns the fds on record that this gateway does not hold @throws StoreAway */
  strangers(): Promise<number[]> {
    return this.#options.registry.strangers(this.#isOurs)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#later)
  }

  #startIn(ms: number): void {
    clearTimeout(this.#later)
    if (!this.#stopped) this.#later = setTimeout(() => this.start(), ms)
  }

  readonly #isOurs = (fd: number) => this.#options.hub.get(fd) !== undefined || this.#options.isClosing(fd)

  async #makeRight(): Promise<void> {
    const { hub, lease, registry } = this.#options
    if (lease.lost) return
    try {
      await lease.raise()
      await registry.heal(hub.all(), this.#isOurs)
      this.#failed = false
    } catch (error) {
      if (!this.#failed) log.warn({ err: error }, 'the record could not be made right yet; it is tried again')
      this.#failed = true
      this.#startIn(RETRY_MS)
    }
  }
}
