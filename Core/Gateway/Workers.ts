import { log } from '../../Library/Log/Log'
import type { BrokenRecord } from '../Link/Records'
import type { Host, Joined } from '../Link/Socket'
import type { GatewayStatus } from '../Orders'
import { FromWorker, type Rooms } from './FromWorker'
import { Serving } from './Serving'

/** Who wants to know what becomes of workers. */
export interface WorkersWatcher {
  /** A worker that serves no longer has nothing under way any more. */
  drained(id: number): void
  /** What a worker sent was no record; its link is dropped. */
  broken(id: number, reason: string): void
}

/** The workers that have joined this gateway: those that serve, and those that served and still have calls under way. */
export class Workers implements Host {
  readonly instance: number
  readonly #rooms: Rooms
  readonly #watcher: WorkersWatcher
  readonly #patience: () => number
  readonly #joined = new Map<number, Serving>()

  /** @param patience how long a worker that serves no longer may take for its calls, in milliseconds */
  constructor(instance: number, rooms: Rooms, watcher: WorkersWatcher, patience: () => number) {
    this.instance = instance
    this.#rooms = rooms
    this.#watcher = watcher
    this.#patience = patience
  }

  get pids(): number[] {
    return [...this.#joined.values()].map(({ pid }) => pid)
  }

  status(): GatewayStatus['workers'] {
    return [...this.#joined.values()].map(({ id, connections, underWay }) => ({
      id,
      connections: connections.size,
      inFlight: underWay,
    }))
  }

  joined({ id, pid, toWorker }: Joined): FromWorker {
    const worker = new Serving(id, pid, toWorker)
    this.#joined.set(id, worker)
    return new FromWorker(this.#rooms, worker)
  }

  lost(id: number, failure?: BrokenRecord): void {
    const worker = this.#joined.get(id)
    if (worker === undefined) return
    this.#joined.delete(id)
    this.#dropCalls(worker)
    if (failure) this.#watcher.broken(id, failure.message)
  }

  refused(reason: string): void {
    log.error({ reason }, 'somebody who is no worker of this gateway tried to join it')
  }

  /** @returns those of these workers that have not joined */
  missing(ids: readonly (number | null)[]): number[] {
    return ids.flatMap((id) => (id === null || this.#joined.has(id) ? [] : id))
  }

  /** Lets these workers, which have joined, serve. */
  assign(ids: readonly (number | null)[]): void {
    const { assignment, closes } = this.#rooms
    const before = assignment.serving
    const workers = ids.map((id) => (id === null ? undefined : this.#joined.get(id)))
    assignment.assign(workers)
    closes.reassign()
    for (const worker of before) if (!workers.includes(worker)) this.#drain(worker)
  }

  /** Calls that outlive their time are answered 503, and nothing that the old worker still says counts. */
  async #drain(worker: Serving): Promise<void> {
    const { assignment } = this.#rooms
    let late: NodeJS.Timeout | undefined
    const deadline = new Promise<void>((resolve) => {
      late = setTimeout(() => {
        if (!assignment.serving.has(worker)) {
          worker.muted = true
          this.#dropCalls(worker)
        }
        resolve()
      }, this.#patience())
    })
    await Promise.race([worker.idle(), deadline])
    clearTimeout(late)
    // It serves again when what it was replaced by could not serve everywhere.
    if (!assignment.serving.has(worker)) this.#watcher.drained(worker.id)
  }

  #dropCalls(worker: Serving): void {
    this.#rooms.assignment.lost(worker)
    this.#rooms.closes.lost(worker)
  }
}
