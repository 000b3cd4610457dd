import { accessSync, constants, statSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import type { Script } from '../Record/Script'
import { endOrphan } from './Orphan'
import { PrivateRedis } from './PrivateRedis'

export type StoreKind = 'private' | 'memory'

/** The embedded store: what the server uses where no REDIS_URL is set. Everything above it reaches it through ioredis only. */
export interface Store {
  readonly kind: StoreKind
  /** For the start banner: `private redis-server 7.0.15`. */
  readonly label: string
  /** The unix socket on which it speaks the Redis protocol. */
  readonly path: string
  /** Tells that the store ended by itself, with all its data. */
  onLost(callback: (reason: string) => void): void
  close(): Promise<void>
}

export interface StoreOptions {
  /** A folder that only we may enter; gets the pid file of a private Redis. */
  readonly runtime: string
  /** At most 100 bytes. */
  readonly socket: string
  /** What the in-memory store can run; a Redis takes any. */
  readonly scripts: readonly Script[]
  /** Where to look for a Redis, as in the environment's PATH. */
  readonly path?: string
  /** Gets a line when the in-memory store drops a client. */
  readonly log?: (message: string) => void
}

const PROGRAMS = ['redis-server', 'valkey-server']

/**
 * A private redis-server or valkey-server if PATH has one that starts, else the in-memory store. Throws if the socket cannot be used:
 * its path is too long, or another process answers there.
 */
export async function openEmbeddedStore(options: StoreOptions): Promise<Store> {
  const program = findProgram(options.path ?? process.env.PATH ?? '')
  if (program === undefined) return openMemory(options, `no ${PROGRAMS[0]} on PATH`)
  let redis: PrivateRedis
  try {
    redis = await PrivateRedis.start({ runtime: options.runtime, socket: options.socket, program })
  } catch (error) {
    // The server can do without it. If it is the socket that fails, memory fails at it too and says so.
    return openMemory(options, error instanceof Error ? error.message.replaceAll('\n', ' | ') : String(error))
  }
  return {
    kind: 'private',
    label: `private ${basename(program)} ${redis.version}`,
    path: options.socket,
    onLost: (callback) => redis.onExit(callback),
    close: () => redis.close(),
  }
}

async function openMemory({ runtime, socket, scripts, log }: StoreOptions, reason: string): Promise<Store> {
  await endOrphan({ runtime, socket })
  // Most servers do without it.
  const { MemoryStore } = await import('./MemoryStore.js')
  const store = await MemoryStore.listen(socket, scripts, log)
  return {
    kind: 'memory',
    label: `in-memory store (${reason})`,
    path: socket,
    // It lives and ends with this process.
    onLost: () => {},
    close: () => store.close(),
  }
}

function findProgram(path: string): string | undefined {
  const folders = path.split(delimiter).filter((folder) => folder !== '')
  return PROGRAMS.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram)
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    // Not there, or not for us: then it is somewhere else on PATH, or nowhere.
    return false
  }
}
