import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis, type RedisOptions } from 'ioredis'
import { onTestFinished } from 'vitest'
import type { Script } from '../../Core/Record/Script'
import { MemoryStore } from '../../Core/Store/MemoryStore'
import { PrivateRedis } from '../../Core/Store/PrivateRedis'

/** Something that answers the Redis protocol on a unix socket. */
export interface Server {
  readonly path: string
  close(): Promise<void>
}

export type Open = (scripts: readonly Script[]) => Promise<Server>

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'ms-'))
}

export function programOnPath(name = 'redis-server'): string {
  return execFileSync('which', [name], { encoding: 'utf8' }).trim()
}

export const openMemory: Open = async (scripts) => {
  const folder = temporaryFolder()
  const path = join(folder, 'store.sock')
  const store = await MemoryStore.listen(path, scripts)
  return { path, close: () => store.close().then(() => rmSync(folder, { recursive: true })) }
}

export const openRedis: Open = async () => {
  const runtime = temporaryFolder()
  const socket = join(runtime, 'store.sock')
  const redis = await PrivateRedis.start({ runtime, socket, program: programOnPath() })
  return { path: socket, close: () => redis.close().then(() => rmSync(runtime, { recursive: true })) }
}

/** A client that ends with the test. */
export function connect(server: Server, options: Pick<RedisOptions, 'connectionName' | 'scripts'> = {}): Redis {
  const client = new Redis({ path: server.path, ...options })
  onTestFinished(() => client.disconnect())
  return client
}

/** Asks until the answer is as wanted, or fails with the last one. */
export async function eventually<T>(ask: () => T | Promise<T>, isWanted: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 20_000
  for (;;) {
    const value = await ask()
    if (isWanted(value)) return value
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(value)} after 20 s`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
