/** What a Redis command answers, as far as scripts use it. */
export type Reply = string | number | null | Reply[]

/** Runs one Redis command against the embedded store, synchronously. Throws what Redis would answer as an error. */
export type Call = (command: string, ...args: (string | number)[]) => Reply

/**
 * A script that Redis runs as Lua and the embedded store as its JavaScript twin. Both stand side by side, because they must do the
 * same; the conformance suite holds both to the same cases.
 */
export interface Script {
  readonly lua: string
  /** How many of its arguments are keys. */
  readonly keys: number
  readonly twin: (call: Call, keys: readonly string[], args: readonly string[]) => Reply
}
