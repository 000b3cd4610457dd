import type { Assigned, Gate } from './Gate'

/**
 * Lets all gateways give each slot to its worker. One that dies meanwhile counts as agreeing: who takes its place is told then.
 * @param before what they are given back when one of them refuses
 * @throws Error when a worker has died; nothing has changed then
 */
export async function switchAll(
  gates: readonly Pick<Gate, 'muster' | 'assign' | 'give'>[],
  next: Assigned,
  before: Assigned,
): Promise<void> {
  const workers = next.workers.flatMap((id) => id ?? [])
  refuse(await Promise.all(gates.map((gate) => gate.muster(workers))))
  const missing = await Promise.all(gates.map((gate) => gate.assign(next)))
  if (missing.every((ids) => ids.length === 0)) return
  // A worker has died between the two.
  await Promise.all(gates.map((gate, index) => (missing[index]?.length === 0 ? gate.give(before) : undefined)))
  refuse(missing)
}

/** @throws Error when workers are missing */
function refuse(missing: readonly (readonly number[])[]): void {
  const ids = new Set(missing.flat())
  if (ids.size > 0) throw new Error(`worker ${[...ids].join(', ')} died before it could serve; nothing has changed`)
}
