/** How many keys are remembered a cipher. A server accepts a handful; the bound is for callers that pass others' keys. */
const LIMIT = 64

/**
 * Remembers what is made of a key text: a handshake is hot, and its keys are always the same few.
 * The oldest is forgotten first, so hostile key texts cost bounded memory.
 */
export function byKey<Made>(make: (key: string) => Made): (key: string) => Made {
  const known = new Map<string, Made>()
  return (key) => {
    let made = known.get(key)
    if (made === undefined) {
      made = make(key)
      if (known.size >= LIMIT) for (const oldest of known.keys()) if (known.delete(oldest)) break
      known.set(key, made)
    }
    return made
  }
}
