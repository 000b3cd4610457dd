import { coreTime, cpuTime } from '../cpu'
import { SERVER_CORE } from '../options'
import { type Latencies, Latency } from './latency'

/** The processes whose CPU time counts. */
export interface Watched {
  readonly server: readonly number[]
  /** Its redis-server: counted apart. */
  readonly store: readonly number[]
}

/** What a window of load has shown. CPU times are microseconds. */
export interface Window extends Latencies {
  /** Calls, deliveries or handshakes. */
  readonly count: number
  readonly seconds: number
  readonly server: number
  /** Of each process of the server, in the order of their pids. */
  readonly parts: readonly number[]
  readonly store: number
  /** Of the load generator. */
  readonly load: number
  /** What anybody else has had of the server's core. */
  readonly others: number
  /** How many messages a member found when it read: above 1 the server has put some together, or the generator was late. */
  readonly together?: number
}

/** Looks at what server and generator have used. */
export class Meter {
  readonly #watched: Watched
  readonly #before

  constructor(watched: Watched) {
    this.#watched = watched
    this.#before = look(watched)
  }

  /** @returns what was used since the meter was made */
  read(): Omit<Window, 'count' | 'together' | keyof Latencies> {
    const before = this.#before
    const after = look(this.#watched)
    const parts = after.parts.map((used, index) => used - (before.parts[index] ?? 0))
    const server = parts.reduce((sum, used) => sum + used, 0)
    const store = after.store - before.store
    return {
      seconds: (after.time - before.time) / 1000,
      server,
      parts,
      store,
      load: after.load - before.load,
      others: Math.max(0, after.core - before.core - server - store),
    }
  }
}

/** Several windows as one. */
export function joined(windows: readonly Window[]): Window {
  const sum = (of: (window: Window) => number) => windows.reduce((all, window) => all + of(window), 0)
  const [first] = windows
  return {
    count: sum(({ count }) => count),
    seconds: sum(({ seconds }) => seconds),
    server: sum(({ server }) => server),
    parts: (first?.parts ?? []).map((_, index) => sum(({ parts }) => parts[index] ?? 0)),
    store: sum(({ store }) => store),
    load: sum(({ load }) => load),
    others: sum(({ others }) => others),
    ...Latency.joined(windows),
    ...(first?.together && { together: sum(({ together = 1 }) => together) / windows.length }),
  }
}

function look({ server, store }: Watched) {
  return {
    time: performance.now(),
    parts: server.map((pid) => cpuTime([pid])),
    store: cpuTime(store),
    load: cpuTime([process.pid]),
    core: coreTime(SERVER_CORE),
  }
}
