/** A database cannot be reached, or cannot serve now. Ours to throw; `isDatabaseAway` also knows what the drivers throw for it. */
export class DatabaseAway extends Error {
  override readonly name = 'DatabaseAway'
}

/** What drivers and servers call it, beyond sockets that fail, which are ours to tell: too many connections, shutting down, starting, read-only after a failover, busy. */
const CODES = new Set([
  // mysql2, MySQL and MariaDB
  'PROTOCOL_CONNECTION_LOST',
  'ER_CON_COUNT_ERROR',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_USER_LIMIT_REACHED',
  'ER_SERVER_SHUTDOWN',
  'ER_NORMAL_SHUTDOWN',
  'ER_QUERY_INTERRUPTED',
  'ER_CONNECTION_KILLED',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_READ_ONLY_MODE',
  // SQLite: another process writes, or the disk is full or broken
  'SQLITE_BUSY',
  'SQLITE_LOCKED',
  'SQLITE_IOERR',
  'SQLITE_FULL',
  'SQLITE_CANTOPEN',
  // tedious
  'ESOCKET',
  'ECONNCLOSED',
  'ETIMEOUT',
  'EINSTLOOKUP',
])

/**
 * SQLSTATEs of PostgreSQL: the classes of connections (08), of lacking resources, too many connections among them (53), of operators
 * that stop or cancel (57P, 57014), and of a server that only reads (25006).
 */
const SQLSTATE = /^(?:08...|53...|57P..|57014|25006)$/

/**
 * Whether this error means that a database is away, so that the caller is answered 503 and nothing is wrong with the code.
 * For an error that a write ended with, it does not say whether the database has executed it.
 */
export function isDatabaseAway(error: unknown): boolean {
  return isAway(error, 5)
}

/** @param depth how many causes deep to look; a chain of causes can be a circle */
function isAway(error: unknown, depth: number): boolean {
  if (depth === 0 || !(error instanceof Error)) return false
  if (error instanceof DatabaseAway) return true
  if ('code' in error && typeof error.code === 'string' && (CODES.has(error.code) || SQLSTATE.test(error.code))) {
    return true
  }
  return isAway(error.cause, depth - 1)
}
