import type { StandardSchemaV1 } from '@standard-schema/spec'
import { log } from '../../Library/Log/Log'
import type { Call } from './Call'
import type { Kernel, SessionState } from './Kernel'

/** The most that the session of one connection may hold, in bytes of JSON. */
export const SESSION_LIMIT = 4096

/** A named place in the session, and the shape of what is in it. */
export interface Slot<Schema extends StandardSchemaV1 = StandardSchemaV1> {
  readonly name: string
  readonly schema: Schema
}

/** Declares a slot; its schema checks what was stored, perhaps by older code, when it is read. */
export function slot<Schema extends StandardSchemaV1>(name: string, schema: Schema): Slot<Schema> {
  return Object.freeze({ name, schema })
}

/** One slot of one connection. It outlives the worker, and is gone when the connection or its gateway is. */
export class Session<Schema extends StandardSchemaV1> {
  readonly #kernel: Kernel
  readonly #call: Call | undefined
  readonly #fd: number
  readonly #slot: Slot<Schema>

  constructor(kernel: Kernel, call: Call | undefined, fd: number, slot: Slot<Schema>) {
    this.#kernel = kernel
    this.#call = call
    this.#fd = fd
    this.#slot = slot
  }

  /** @returns what is stored, as the schema gives it; undefined when there is nothing, or the schema does not accept it */
  get(): StandardSchemaV1.InferOutput<Schema> | undefined {
    const stored = this.#state().values.get(this.#slot.name)
    if (stored === undefined) return undefined
    const result = this.#slot.schema['~standard'].validate(JSON.parse(stored))
    if (result instanceof Promise)
      throw new TypeError(`the schema of session slot ${this.#slot.name} must not be asynchronous`)
    return result.issues ? undefined : result.value
  }

  /**
   * Stores a value that JSON can say.
   * @throws RangeError when the session would grow beyond 4 KiB
   * @throws Error when no message of the connection is being handled
   */
  set(value: StandardSchemaV1.InferInput<Schema>): void {
    const json = JSON.stringify(value)
    if (json === undefined) throw new TypeError(`the value for session slot ${this.#slot.name} cannot be JSON`)
    const state = this.#writable()
    if (state === undefined) return
    let size = Buffer.byteLength(json)
    for (const [name, other] of state.values) if (name !== this.#slot.name) size += Buffer.byteLength(other)
    if (size > SESSION_LIMIT) {
      throw new RangeError(`the session of fd ${this.#fd} would hold ${size} bytes, it may hold ${SESSION_LIMIT}`)
    }
    state.values.set(this.#slot.name, json)
    state.link.toGateway.session(this.#fd, this.#slot.name, json)
  }

  /** @throws Error when no message of the connection is being handled */
  clear(): void {
    const state = this.#writable()
    if (state?.values.delete(this.#slot.name)) state.link.toGateway.session(this.#fd, this.#slot.name, '')
  }

  #state(): SessionState {
    const state = this.#kernel.session(this.#fd)
    if (state) return state
    throw new Error(
      `fd ${this.#fd} is not served by this worker: a session belongs to the connection whose call is handled`,
    )
  }

  #writable(): SessionState | undefined {
    if (this.#call?.over) {
      log.warn(
        { fd: this.#fd, action: this.#call.action },
        'a session was not changed: the call had already been answered 504',
      )
      return undefined
    }
    const state = this.#state()
    if (state.open) return state
    throw new Error(`the session of fd ${this.#fd} can change only while a message of that connection is handled`)
  }
}
