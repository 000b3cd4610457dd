import { readFileSync } from 'node:fs'
import type { RedisOptions } from 'ioredis'

/** What a connection by TLS needs beyond the authorities that Node knows. */
export interface TlsFiles {
  /** The authority that has signed the server's certificate; instead of those that Node knows. */
  readonly ca?: string | undefined
  /** The client's certificate and its key, where the server asks for one. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** Where a Redis is. `url` or `path` or, for Sentinel, `options.sentinels`. */
export interface CacheConnection {
  /** `redis://[user:password@]host[:6379][/db]`, `rediss://` for TLS, or `/path` or `unix:///path` of a unix socket. */
  readonly url?: string
  /** A unix socket; goes before `url`. */
  readonly path?: string
  /** In front of every key. ioredis does so for keys, but not for channels and patterns: those are the caller's. */
  readonly prefix?: string
  /** For `rediss://`: files in PEM, from the working folder on. */
  readonly tls?: TlsFiles | undefined
  /** Anything else that ioredis knows; goes before our defaults, so think twice about timeouts and queues. */
  readonly options?: RedisOptions
}

/** What a client is made from. Its type says so that answers have the shapes of `Redis` (a hash is an object), whatever `options` say. */
export type ClientOptions = RedisOptions & { replyMapping: 'legacy' }

/** Bounded to about a second, with some chance in it: the processes of a machine must not all come back in the same moment. */
function retryDelay(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt, 5), 900) + Math.floor(Math.random() * 100)
}

/**
 * After a failover the address may mean another server, while the old one, now a replica, keeps the connection and refuses writes.
 * At most one new connection a second: a server that stays a replica must not be knocked at for every command.
 */
function leaveReplica(): (error: Error) => boolean {
  let last = Number.NEGATIVE_INFINITY
  return (error) => {
    if (!error.message.startsWith('READONLY ') || performance.now() - last < 1000) return false
    last = performance.now()
    return true
  }
}

/**
 * For commands: an error at once where ioredis would queue, and after half a second where Redis is silent.
 * Nothing is sent twice (a command that got no answer may have been executed), nothing waits.
 */
export function commandOptions(connection: CacheConnection): ClientOptions {
  return {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 500,
    // Runs only while an answer is due, so an idle connection stays. 0 would not turn it off but fire at once.
    socketTimeout: 1000,
    autoResendUnfulfilledCommands: false,
    connectTimeout: 2000,
    disconnectTimeout: 250,
    retryStrategy: retryDelay,
    reconnectOnError: leaveReplica(),
    ...placeOf(connection),
    replyMapping: 'legacy',
  }
}

/**
 * For subscriptions: channels are subscribed again after every reconnect. Therefore a SUBSCRIBE waits where a command would fail:
 * one that is given up while it is on its way would be missing afterwards.
 */
export function subscriberOptions(connection: CacheConnection): ClientOptions {
  return {
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
    socketTimeout: 1000,
    autoResubscribe: true,
    autoResendUnfulfilledCommands: true,
    connectTimeout: 2000,
    disconnectTimeout: 250,
    retryStrategy: retryDelay,
    ...placeOf(connection),
    replyMapping: 'legacy',
  }
}

/** Checks a connection, so that a wrong one stops the start. Throws a TypeError that names the option and never the password. */
export function checkConnection(name: string, connection: CacheConnection): void {
  const at = `cache.${name}`
  if (connection.options?.socketTimeout === 0) {
    throw new TypeError(`${at}.options.socketTimeout must be more than 0 ms: ioredis takes 0 for "at once"`)
  }
  for (const [option, file] of Object.entries(connection.tls ?? {})) checkFile(`${at}.tls.${option}`, file)
  if (connection.path !== undefined) {
    if (connection.path === '') throw new TypeError(`${at}.path must be the path of a unix socket`)
    return
  }
  const { url, options } = connection
  if (url === undefined) {
    if (options?.sentinels || options?.path || options?.host || options?.port) return
    throw new TypeError(`${at} must have a url, a path, or options that say where Redis is`)
  }
  if (!isUsable(url)) {
    throw new TypeError(
      `${at}.url must be redis://[user:password@]host[:port][/db], rediss://... (no ?query, use options), or the path of a unix socket`,
    )
  }
}

function checkFile(option: string, file: string | undefined): void {
  try {
    if (file !== undefined) readFileSync(file)
  } catch (error) {
    throw new TypeError(`${option} must be a file that can be read: ${error instanceof Error ? error.message : error}`)
  }
}

function isUsable(url: string): boolean {
  if (url.startsWith('/')) return !url.startsWith('//')
  try {
    const { protocol, pathname, hostname, username, password, search, hash } = new URL(url)
    if (search !== '' || hash !== '') return false
    // Throws for a lone %, and that must not wait for the first use.
    decodeURIComponent(username + password)
    if (protocol === 'unix:') return hostname === '' && pathname.length > 1
    return (protocol === 'redis:' || protocol === 'rediss:') && hostname !== '' && /^(?:\/\d*)?$/.test(pathname)
  } catch {
    // No URL at all.
    return false
  }
}

function placeOf({ url, path, prefix, tls, options }: CacheConnection): RedisOptions {
  const place = path !== undefined ? { path } : url !== undefined ? fromUrl(url, tls) : {}
  return { ...place, ...(prefix === undefined ? {} : { keyPrefix: prefix }), ...options }
}

/** Read here and not by ioredis, for which `REDISS://` has no TLS. */
function fromUrl(url: string, tls: TlsFiles | undefined): RedisOptions {
  if (url.startsWith('/')) return { path: url }
  const { protocol, pathname, hostname, port, username, password } = new URL(url)
  if (protocol === 'unix:') return { path: decodeURIComponent(pathname) }
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 6379 : Number(port),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(pathname.length > 1 ? { db: Number(pathname.slice(1)) } : {}),
    ...(protocol === 'rediss:' ? { tls: contentsOf(tls ?? {}) } : {}),
  }
}

function contentsOf(files: TlsFiles): { [option in keyof TlsFiles]?: Buffer } {
  const { ca, cert, key } = files
  return {
    ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
    ...(cert === undefined ? {} : { cert: readFileSync(cert) }),
    ...(key === undefined ? {} : { key: readFileSync(key) }),
  }
}
