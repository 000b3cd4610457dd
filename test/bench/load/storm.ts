import { quiet } from '../cpu'
import { type ClientOptions, enterAll, leaveAll } from './client'
import { Latency } from './latency'
import type { Fleet, LoadRequest } from './load'
import { Meter, type Window } from './meter'

export interface StormOptions {
  /** Who comes, and goes again. */
  readonly clients: readonly ClientOptions[]
  /** What is measured of it. */
  readonly window: 'coming' | 'going'
}

/** Clients that come all at once, and then go all at once: a window is one of both, and what the server does after the last one. */
export class Storm implements Fleet {
  readonly #options: StormOptions

  constructor(options: StormOptions) {
    this.#options = options
  }

  async open(): Promise<readonly string[]> {
    return []
  }

  async load({ watched }: LoadRequest): Promise<Window> {
    const pids = [...watched.server, ...watched.store]
    const { clients: options, window } = this.#options
    const latency = new Latency()
    await quiet(pids)
    const coming = new Meter(watched)
    const clients = await enterAll(options, () => () => {}, latency)
    await quiet(pids)
    const came = { count: clients.length, ...coming.read(), ...latency.read() }
    const going = new Meter(watched)
    leaveAll(clients)
    await quiet(pids)
    const went = { count: clients.length, ...going.read(), ...new Latency().read() }
    return window === 'coming' ? came : went
  }

  close(): void {}
}
