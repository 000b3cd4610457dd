import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cache, isStoreAway } from '../../Library/Cache/Cache'
import type { CacheConfig } from '../../Library/Config/Schema'
import { INSTANCES } from '../Record/Keys'
import { SCRIPTS } from '../Record/Scripts'
import { MemoryStore } from '../Store/MemoryStore'

/** How long the store may take to answer, in milliseconds. */
const WAIT_MS = 5000

/** The store of an app. */
export interface Store {
  readonly cache: CacheConfig
  /** It ends with the app. */
  readonly embedded: boolean
  close(): Promise<void>
}

/** @param url of a Redis; undefined: a store in memory @throws Error when the Redis does not answer */
export async function openStore(url: string | undefined, prefix: string): Promise<Store> {
  const store = url === undefined ? await inMemory(prefix) : { cache: at(url, prefix), embedded: false, close: nothing }
  try {
    await reach(store)
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

async function inMemory(prefix: string): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), 'mswoole-test-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove) // of a test that never came to its end
  const url = join(folder, 'store.sock')
  const memory = await MemoryStore.listen(url, SCRIPTS)
  const close = async () => {
    await memory.close()
    process.off('exit', remove)
    remove()
  }
  return { cache: at(url, prefix), embedded: true, close }
}

async function reach({ cache, embedded }: Store): Promise<void> {
  Cache.configure({ ...cache })
  try {
    await Cache.ready('master', WAIT_MS)
    // The fds would begin with 1, and whatever else is called 1 in the store would be taken for one.
    if (embedded) await Cache.get('master').incr(INSTANCES)
  } catch (error) {
    if (!isStoreAway(error)) throw error
    throw new Error('the Redis of the option redis does not answer; start it, or leave the option out', {
      cause: error,
    })
  } finally {
    await Cache.close()
  }
}

const at = (url: string, prefix: string): CacheConfig => ({ master: { url, prefix }, task: { url, prefix } })

async function nothing(): Promise<void> {}
