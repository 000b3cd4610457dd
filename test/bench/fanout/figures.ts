import { type Figure, figure } from '../figures'
import type { FanWindow } from './crowd'

/** The figures of one server in one table. */
export interface FanFigures {
  /** Server CPU microseconds a delivery, which are CPU seconds a million deliveries. */
  readonly cpu: Figure
  /** The same of its redis-server. */
  readonly store: Figure
  readonly deliveriesPerSecond: Figure
  /** Shares of a core: what server and redis-server used of theirs, and the load generator of its own. */
  readonly serverBusy: Figure
  readonly loadBusy: Figure
  /** What other programs had of the server's core. */
  readonly others: Figure
  readonly messagesARead: Figure
  /** Microseconds until the last member has a message. */
  readonly p50: Figure
  readonly p99: Figure
}

export const cpuPerDelivery = ({ server, deliveries }: FanWindow) => server / deliveries

export function fanFiguresOf(windows: readonly FanWindow[]): FanFigures {
  const over = (of: (window: FanWindow) => number) => figure(windows.map(of))
  return {
    cpu: over(cpuPerDelivery),
    store: over(({ store, deliveries }) => store / deliveries),
    deliveriesPerSecond: over(({ deliveries, seconds }) => deliveries / seconds),
    serverBusy: over(({ server, store, seconds }) => (server + store) / 1e6 / seconds),
    loadBusy: over(({ load, seconds }) => load / 1e6 / seconds),
    others: over(({ others, seconds }) => others / 1e6 / seconds),
    messagesARead: over(({ messagesARead }) => messagesARead),
    p50: over(({ p50 }) => p50),
    p99: over(({ p99 }) => p99),
  }
}
