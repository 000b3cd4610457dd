/** A place in the stack of an error: a path, a line, perhaps a column. */
const PLACE = /(?:\(|at |^)(?:file:\/\/)?(\/[^\n():]+):(\d+(?::\d+)?)/gm

/** What lies in the user's own folders, from there on. */
const OWN = /^.*\/((?:App|Config)\/.*)$/

const FOREIGN = /\/node_modules\/|\/(?:Core|Library)\/(?:App|Config)\//

/**
 * What user code threw, for people: the error, and the place in App/ or Config/ that it came from, in one line where its message has
 * one.
 */
export function describeFault(error: unknown): string {
  if (!(error instanceof Error)) return `it threw ${String(error)}`
  // Node says where a module was missed, which the place says as well.
  const [message] = String(error).split('\nRequire stack:')
  const place = placeOf(error.stack ?? '')
  return place === undefined ? `${message}` : `${message} (${place})`
}

function placeOf(stack: string): string | undefined {
  for (const [, path = '', line] of stack.matchAll(PLACE)) {
    const own = FOREIGN.test(path) ? undefined : OWN.exec(path)?.[1]
    if (own !== undefined) return `${own}:${line}`
  }
  return undefined
}
