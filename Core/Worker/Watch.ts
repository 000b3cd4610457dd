import { join } from 'node:path'
import { Worker as Thread } from 'node:worker_threads'
import type { AppConfig } from '../../Library/Config/Schema'

/** What the watchdog thread is given. */
export interface WatchdogData {
  readonly memory: SharedArrayBuffer
  readonly runtime: string
  readonly level: AppConfig['log']['level']
  readonly name: string
  readonly limitMs: number
  /** Where the watchdog begins to count, so that `limitMs` counts from here. */
  readonly beatMs: number
}

/** Where things stand in the shared memory, as 32 bit numbers. */
export const BEATS = 0
export const NAME_LENGTH = 1
export const NAME_AT = 8
export const MEMORY_BYTES = 4096

/** What stands for the beats until the first one. */
export const NOT_BEGUN = 0

/** How often the main thread shows that it lives, in milliseconds. */
const BEAT_MS = 100

const LONGEST_NAME = MEMORY_BYTES - NAME_AT

/**
 * Knows what this worker is doing: which action has begun and not returned, and which ones are waiting for something. A thread of its
 * own looks on, and says so in the log when the main thread stands still: then nobody else could.
 */
export class Watch {
  readonly #memory = new SharedArrayBuffer(MEMORY_BYTES)
  readonly #numbers = new Int32Array(this.#memory, 0, 2)
  readonly #name = Buffer.from(this.#memory, NAME_AT)
  readonly #encoded = new Map<string, Buffer>()
  readonly #waiting = new Map<string, number>()
  #current = ''

  /** User code begins. */
  began(action: string): void {
    this.#current = action
    let name = this.#encoded.get(action)
    if (name === undefined) {
      name = Buffer.from(action).subarray(0, LONGEST_NAME)
      this.#encoded.set(action, name)
    }
    this.#name.set(name)
    this.#numbers[NAME_LENGTH] = name.length
  }

  /** It has returned; a promise may still be open. */
  returned(): void {
    this.#current = ''
    this.#numbers[NAME_LENGTH] = 0
  }

  /** An action has returned a promise, which is open. */
  waits(action: string): void {
    this.#waiting.set(action, (this.#waiting.get(action) ?? 0) + 1)
  }

  /** The promise has settled. */
  settled(action: string): void {
    const count = (this.#waiting.get(action) ?? 1) - 1
    if (count === 0) this.#waiting.delete(action)
    else this.#waiting.set(action, count)
  }

  /** The actions that have begun and not ended. */
  inside(): string[] {
    return [...(this.#current === '' ? [] : [this.#current]), ...this.#waiting.keys()]
  }

  /** Brings up the watchdog; it looks on from `begin` on. */
  call(options: Omit<WatchdogData, 'memory' | 'beatMs'>): void {
    const workerData: WatchdogData = { ...options, memory: this.#memory, beatMs: BEAT_MS }
    new Thread(join(__dirname, 'watchdog.js'), { workerData }).unref()
  }

  /** Begins to show signs of life. */
  begin(): void {
    const beat = () => {
      this.#numbers[BEATS] = (this.#numbers[BEATS] ?? 0) + 1 || 1 // never 0 again
    }
    beat()
    setInterval(beat, BEAT_MS).unref()
  }
}
