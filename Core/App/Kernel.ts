import type { Redis } from 'ioredis'
import type { Operation } from '../Link/Contract'
import type { Clean } from '../Wire/Filter'
import type { Outbox } from './Outbox'

/** What a worker keeps of a connection's session, by slot: JSON text. */
export interface SessionState {
  readonly values: Map<string, string>
  /** A message of the connection is being handled: only then may the session change. */
  readonly open: boolean
}

/** What stands behind every `App` of a worker. */
export interface Kernel {
  readonly outbox: Outbox
  /** For reading the record; only the gateways write it. */
  readonly redis: Redis
  /** The filter for what comes from outside. */
  readonly clean: Clean
  /**
   * Asks the gateway of a connection to do something.
   * @throws StoreAway when Redis cannot be reached, Error when it failed otherwise
   */
  ask(operation: Operation, fd: number, text: string): Promise<boolean | number>
  /** @returns undefined for a connection that this worker does not serve */
  session(fd: number): SessionState | undefined
}
