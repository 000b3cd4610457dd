/** Redis cannot be reached, or cannot serve now. Ours to throw; `isStoreAway` also knows what ioredis throws for it. */
export class StoreAway extends Error {
  override readonly name = 'StoreAway'
}

/** What a socket to Redis says when there is nobody, or nobody any more. */
const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** ioredis gives most of its own errors no code and no class: these are its words (6.0.0; a test holds them to the real thing). */
const MESSAGES: readonly RegExp[] = [
  /^Connection is closed\.$/,
  /^Stream isn't writeable and enableOfflineQueue options is false$/,
  /^Cluster isn't ready and enableOfflineQueue options is false$/,
  /^Command timed out$/,
  /^Command aborted due to connection close$/,
  /^Socket timeout\. Expecting data/,
  /^All sentinels are unreachable/,
  /^None of startup nodes is available$/,
  /^Failed to refresh slots cache\.$/,
  /^Cluster is disconnect(?:ed|ing)\.$/,
]

const NAMES = new Set(['MaxRetriesPerRequestError', 'ClusterAllFailedError'])

/**
 * What Redis answers while it cannot serve: it loads its data, it hangs in a script, it is a replica after a failover, it has lost
 * its master, too many of its replicas or its cluster. Nothing was executed. Other errors (WRONGTYPE, OOM, NOPERM) stay errors.
 */
const ANSWERS = /^(?:LOADING|BUSY|READONLY|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN) /

/**
 * Whether this error means that the store is away, so that the caller is answered 503 and nothing is wrong with the code.
 * For an error that a write ended with, it does not say whether Redis has executed it: a command that timed out may have been.
 *
 * A socket that failed looks alike whatever it was connected to, so a refused database counts as well.
 */
export function isStoreAway(error: unknown): boolean {
  return isAway(error, 5)
}

/** @param depth how many causes deep to look; a chain of causes can be a circle */
function isAway(error: unknown, depth: number): boolean {
  if (depth === 0 || !(error instanceof Error)) return false
  if (error instanceof StoreAway || NAMES.has(error.name)) return true
  if ('code' in error && typeof error.code === 'string') {
    if (SOCKET_CODES.has(error.code)) return true
    // A unix socket that is gone; a file that is missing is another matter.
    if (error.code === 'ENOENT' && 'syscall' in error && error.syscall === 'connect') return true
  }
  if (ANSWERS.test(error.message) || MESSAGES.some((message) => message.test(error.message))) return true
  // Node tries every address of a name and throws all the failures at once.
  if (error instanceof AggregateError && error.errors.some((one) => isAway(one, depth - 1))) return true
  return isAway(error.cause, depth - 1)
}
