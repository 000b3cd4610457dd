import type { ChainableCommander } from 'ioredis'

/** The most that are handled together: one command must not keep Redis from others for long. */
const MOST = 500

/** How it went for one of a batch: refused, or not over yet. */
export type Outcome = Error | Promise<void>

interface Waiting<Item> {
  readonly item: Item
  readonly done: (outcome?: Promise<void>) => void
  readonly failed: (error: unknown) => void
}

/**
 * Handles together what comes in one turn of the loop, and together after it what comes meanwhile. When all come or go at once, single
 * commands and their round trips are most of what it costs, and all of them under way at once are garbage for a second.
 */
export class Batches<Item> {
  readonly #handle: (items: readonly Item[]) => Promise<ReadonlyMap<Item, Outcome>>
  #waiting: Waiting<Item>[] = []
  #handling = false

  /** @param handle resolves with those for whom it is not just done; when it rejects, that goes for all of them */
  constructor(handle: (items: readonly Item[]) => Promise<ReadonlyMap<Item, Outcome>>) {
    this.#handle = handle
  }

  /** Resolves when this one has been handled. @throws its outcome, or what `handle` rejects with */
  add(item: Item): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ item, done, failed })
      if (this.#handling) return
      this.#handling = true
      setImmediate(this.#handleAll)
    })
  }

  readonly #handleAll = async () => {
    while (this.#waiting.length > 0) await this.#tell(this.#waiting.splice(0, MOST))
    this.#handling = false
  }

  /** Never rejects: each is told. */
  async #tell(batch: readonly Waiting<Item>[]): Promise<void> {
    try {
      const outcomes = await this.#handle(batch.map(({ item }) => item))
      for (const { item, done, failed } of batch) {
        const outcome = outcomes.get(item)
        if (outcome instanceof Error) failed(outcome)
        else done(outcome)
      }
    } catch (error) {
      for (const { failed } of batch) failed(error)
    }
  }
}

/** @returns what Redis answered each command, an Error where it refused it @throws StoreAway */
export async function answersOf(pipeline: ChainableCommander): Promise<unknown[]> {
  return ((await pipeline.exec()) ?? []).map(([error, answer]) => error ?? answer)
}
