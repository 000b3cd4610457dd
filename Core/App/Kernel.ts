import type { Redis } from 'ioredis'
import type { Clean } from '../Wire/Filter'
import type { Link } from './Link'

/** What a worker keeps of a connection's session, by slot: JSON text. */
export interface SessionState {
  readonly values: Map<string, string>
  /** A message of the connection is being handled: only then may the session change. */
  readonly open: boolean
  /** To the gateway that keeps it. */
  readonly link: Link
}

/** Which way something goes to the gateways. */
export interface Ways {
  /** @returns the link to the gateway of this connection; of one that no gateway of this machine has, as `home` does */
  to(fd: number, own: Link | undefined): Link
  /**
   * Where what concerns no single connection of this machine goes out. All that one call sends goes one way, so in its order.
   * @param own the link of the connection whose call it is
   * @returns that one; another one if it is lost, or there is no call
   */
  home(own: Link | undefined): Link
}

/** What stands behind every `App` of a worker. */
export interface Kernel {
  readonly ways: Ways
  /** For reading the record; only the gateways write it. */
  readonly redis: Redis
  /** The filter for what comes from outside. */
  readonly clean: Clean
  /** @returns undefined for a connection that this worker does not serve */
  session(fd: number): SessionState | undefined
}
