import type { WorkerCounts } from '../Orders'
import { Handling } from './Handling'

const handlings = new Map<string, Handling>()

/** @param action `Module.Controller.method`, as the code spells it: never something that a client chose */
export function handlingOf(action: string): Handling {
  const handling = handlings.get(action) ?? new Handling()
  handlings.set(action, handling)
  return handling
}

/** What this worker has counted since its process started, beside its actions: plain numbers that only grow. */
export const workerCounts = {
  /** Messages that name nothing which can be called. */
  unroutable: { 'not a JSON object': 0, controllerNotFound: 0, methodNotFound: 0 },
  /** Messages of user code that never left the worker. */
  dropped: { 'group send': 0, 'direct send': 0, 'no gateway': 0 },
}

/** The same for the supervisor, with the actions that were called. */
export function readWorkerCounts(): WorkerCounts {
  const called = [...handlings].filter(([, { buckets }]) => buckets.some((count) => count > 0))
  return {
    ...workerCounts,
    actions: Object.fromEntries(
      called.map(([action, { outcomes, buckets, milliseconds }]) => [
        action,
        { outcomes, buckets: [...buckets], seconds: milliseconds / 1000 },
      ]),
    ),
  }
}
