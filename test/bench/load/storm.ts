import { quiet } from '../cpu'
import { type Client, type ClientOptions, enterAll, leaveAll } from './client'
import { Latency } from './latency'
import type { Fleet, LoadRequest } from './load'
import { Meter, type Window } from './meter'

export interface StormOptions {
  /** Who comes, and goes again, in each window. */
  readonly clients: readonly ClientOptions[]
}

/** Clients that come all at once: a window is the handshakes of all of them, and what the server does after the last one. */
export class Storm implements Fleet {
  readonly #clients: readonly ClientOptions[]

  constructor({ clients }: StormOptions) {
    this.#clients = clients
  }

  async open(): Promise<readonly string[]> {
    return []
  }

  async load({ watched }: LoadRequest): Promise<Window> {
    const pids = [...watched.server, ...watched.store]
    const latency = new Latency()
    await quiet(pids)
    const meter = new Meter(watched)
    const clients: Client[] = await enterAll(this.#clients, () => () => {}, latency)
    await quiet(pids)
    const window = { count: clients.length, ...meter.read(), ...latency.read() }
    leaveAll(clients)
    await quiet(pids)
    return window
  }

  close(): void {}
}
