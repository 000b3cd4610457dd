import { RedisError } from '../Resp'
import type { Value } from './Values'

/** What one client watches for its transaction. */
export class Watch {
  readonly keys = new Set<string>()
  /** True once a watched key has changed: EXEC will not run. */
  isBroken = false
}

/** How many keys with an expiry one sweep looks at: well below a millisecond. */
const SWEEP = 2_000

/** All keys with their values, expiries and watchers. Whoever changes a value in place says so with `changed`. */
export class Keyspace {
  readonly #values = new Map<string, Value>()
  readonly #expiries = new Map<string, number>()
  readonly #watches = new Map<string, Set<Watch>>()
  #sweeping = this.#expiries.entries()
  #now = Date.now()

  /** Milliseconds since 1970, the same for the whole of a command, transaction or script: no key expires in the middle of one. */
  get now(): number {
    return this.#now
  }

  /** Keys that are there, among them some whose expiry has passed and that nobody has asked for since. */
  get size(): number {
    return this.#values.size
  }

  readClock(): void {
    this.#now = Date.now()
  }

  get(key: string): Value | undefined {
    this.#expire(key)
    return this.#values.get(key)
  }

  /** The value of a key that must be of one type, if there is any. */
  find<T extends Value>(key: string, Type: abstract new (...args: never[]) => T): T | undefined {
    const value = this.get(key)
    if (value === undefined || value instanceof Type) return value
    throw new RedisError('WRONGTYPE Operation against a key holding the wrong kind of value')
  }

  /** Puts a new value in place of what was there; an expiry stays. */
  put<T extends Value>(key: string, value: T): T {
    this.get(key)
    this.#values.set(key, value)
    this.#touch(key)
    return value
  }

  delete(key: string): boolean {
    if (this.get(key) === undefined) return false
    this.#remove(key)
    return true
  }

  /** A value has changed in place. */
  changed(key: string): void {
    if (this.#values.get(key)?.isEmpty) this.#remove(key)
    else this.#touch(key)
  }

  *keys(): Generator<string> {
    for (const key of this.#values.keys()) {
      if (!this.#isExpired(key)) yield key
    }
  }

  clear(): void {
    for (const key of this.#watches.keys()) {
      if (this.#values.has(key)) this.#touch(key)
    }
    this.#values.clear()
    this.#expiries.clear()
  }

  /** When a key runs out, in milliseconds since 1970. */
  expiryOf(key: string): number | undefined {
    this.#expire(key)
    return this.#expiries.get(key)
  }

  /** Lets an existing key run out at a time, or at once if that has passed; undefined: never. */
  setExpiry(key: string, at: number | undefined): void {
    if (at === undefined) this.#expiries.delete(key)
    else this.#expiries.set(key, at)
    if (this.#isExpired(key)) this.#remove(key)
    else this.#touch(key)
  }

  watch(key: string, watch: Watch): void {
    // Now, so that the end of an expired key is not taken for a change.
    this.#expire(key)
    watch.keys.add(key)
    const watches = this.#watches.get(key)
    if (watches === undefined) this.#watches.set(key, new Set([watch]))
    else watches.add(watch)
  }

  /** Ends a watch and says whether all its keys are as they were. */
  unwatch(watch: Watch): boolean {
    for (const key of watch.keys) {
      this.#expire(key)
      const watches = this.#watches.get(key)
      watches?.delete(watch)
      if (watches?.size === 0) this.#watches.delete(key)
    }
    watch.keys.clear()
    const unbroken = !watch.isBroken
    watch.isBroken = false
    return unbroken
  }

  /** Frees the memory of some keys whose time has passed; each call goes on where the last one ended. */
  sweep(): void {
    this.readClock()
    for (let looked = 0; looked < SWEEP; looked++) {
      const { done, value } = this.#sweeping.next()
      if (done) {
        this.#sweeping = this.#expiries.entries()
        return
      }
      if (value[1] <= this.#now) this.#remove(value[0])
    }
  }

  #isExpired(key: string): boolean {
    const at = this.#expiries.get(key)
    return at !== undefined && at <= this.#now
  }

  #expire(key: string): void {
    if (this.#isExpired(key)) this.#remove(key)
  }

  #remove(key: string): void {
    this.#values.delete(key)
    this.#expiries.delete(key)
    this.#touch(key)
  }

  #touch(key: string): void {
    for (const watch of this.#watches.get(key) ?? []) watch.isBroken = true
  }
}
