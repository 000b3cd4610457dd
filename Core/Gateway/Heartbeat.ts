import type { Hub } from './Hub'

/** How finely silence is measured, in ticks an idle time. */
const TICKS = 60

/**
 * Closes clients that were silent for the idle time, whatever the server sent them meanwhile. Silence is counted in ticks, not in
 * clock time: a gateway that stood still does not find everybody silent when it wakes.
 */
export class Heartbeat {
  readonly #hub: Hub
  #timer: NodeJS.Timeout | undefined
  tick = 0

  /** @param idle seconds */
  constructor(hub: Hub, idle: number) {
    this.#hub = hub
    this.configure(idle)
  }

  /** @param idle seconds */
  configure(idle: number): void {
    clearInterval(this.#timer)
    this.#timer = setInterval(() => this.#sweep(), (idle * 1000) / TICKS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #sweep(): void {
    this.tick++
    for (const connection of this.#hub.all()) {
      if (this.tick - connection.heardAt > TICKS) connection.close('silent')
    }
  }
}
