// What this browser remembers between visits. Some forbid it (private windows, web views): then nothing is remembered.

/** @param {string} name */
export function recall(name) {
  try {
    return localStorage.getItem(`live.${name}`) ?? undefined
  } catch {
    return undefined
  }
}

/** @param {string} name @param {string} value */
export function remember(name, value) {
  try {
    localStorage.setItem(`live.${name}`, value)
  } catch {
    // The next visit starts anew.
  }
}
