import { gatewayCounts } from '../Metrics/GatewayCounts'
import { encodeReply } from '../Wire/Protocol'
import type { Connection } from './Connection'

/** Why a frame is refused, and what its client is told. */
const EVENTS = {
  'rate limit': 'tooManyRequests',
  max_in_flight: 'tooManyRequests',
  'link full': 'serviceUnavailable',
  'worker lost': 'serviceUnavailable',
  'no worker': 'serviceUnavailable',
  'Redis is away': 'serviceUnavailable',
} as const

type Reason = keyof typeof EVENTS

interface Run {
  readonly event: (typeof EVENTS)[Reason]
  readonly from: number
  count: number
}

/** How long a run of refused frames may go on before the client is told of it, in milliseconds. */
const GATHER_MS = 20

/**
 * Tells clients which of their frames the gateway refused or lost. It never reads JSON, so it names them by number (the first frame
 * of a connection is 1, heartbeats not counted), in one reply for each run of neighbours.
 */
export class Refusals {
  readonly #runs = new Map<Connection, Run>()
  #timer: NodeJS.Timeout | undefined

  add(connection: Connection, reason: Reason, frame: number): void {
    const event = EVENTS[reason]
    gatewayCounts.refused[reason]++
    const run = this.#runs.get(connection)
    if (run?.event === event && run.from + run.count === frame) {
      run.count++
      return
    }
    if (run) this.#tell(connection, run)
    this.#runs.set(connection, { event, from: frame, count: 1 })
    this.#timer ??= setTimeout(() => this.flush(), GATHER_MS)
  }

  /** Names all frames of a list, which is in order. */
  addAll(connection: Connection, reason: Reason, frames: readonly number[]): void {
    for (const frame of frames) this.add(connection, reason, frame)
  }

  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const [connection, run] of this.#runs) this.#tell(connection, run)
    this.#runs.clear()
  }

  #tell(connection: Connection, { event, from, count }: Run): void {
    connection.send(encodeReply(event, { from, count }))
  }
}
