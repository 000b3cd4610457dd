/** How many derived keys are remembered a cipher. A server accepts a handful; the bound is for callers that pass others' keys. */
const LIMIT = 64

/**
 * Remembers what a key text derives to: a handshake is hot, and its keys are always the same few.
 * The oldest is forgotten first, so hostile key texts cost bounded memory.
 */
export function derivedKeys(derive: (key: string) => Buffer): (key: string) => Buffer {
  const known = new Map<string, Buffer>()
  return (key) => {
    let derived = known.get(key)
    if (derived === undefined) {
      derived = derive(key)
      if (known.size >= LIMIT) for (const oldest of known.keys()) if (known.delete(oldest)) break
      known.set(key, derived)
    }
    return derived
  }
}
