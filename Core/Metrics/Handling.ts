/** Upper bounds of the buckets of the histogram, in seconds; what took longer is in one more bucket. */
export const BOUNDS = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const BOUNDS_MS = BOUNDS.map((seconds) => seconds * 1000)

/** How a call ended. */
export type CallOutcome = 'ok' | 'refused' | 'invalid' | 'forbidden' | 'failed' | 'unavailable' | 'timeout'

/** What became of the calls of one action, and how long they took. */
export class Handling {
  readonly outcomes: Record<CallOutcome, number> = {
    ok: 0,
    refused: 0,
    invalid: 0,
    forbidden: 0,
    failed: 0,
    unavailable: 0,
    timeout: 0,
  }
  /** How many calls fell between two bounds. */
  readonly buckets = new Float64Array(BOUNDS.length + 1)
  milliseconds = 0

  add(outcome: CallOutcome, milliseconds: number): void {
    this.outcomes[outcome]++
    this.milliseconds += milliseconds
    let at = 0
    while (milliseconds > (BOUNDS_MS[at] ?? Number.POSITIVE_INFINITY)) at++
    this.buckets[at] = (this.buckets[at] ?? 0) + 1
  }
}
