import type { Turns } from './Contract'

/** Records that one turn hands to the worker at most. */
const RECORDS = 512

/** Milliseconds after which a turn is over: an answer does not wait for slow handlers of calls that came behind. */
const TURN_MS = 1

/** The worker's turns at reading a link. Between two of them its answers leave, and timers and sockets get their turn. */
export class WorkerTurns implements Turns {
  #handled = 0
  #began = 0

  beginTurn(): void {
    this.#handled = 0
    this.#began = performance.now()
  }

  spent(): boolean {
    return ++this.#handled >= RECORDS || performance.now() - this.#began >= TURN_MS
  }

  endTurn(): void {}
}
