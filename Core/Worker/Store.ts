import { Cache } from '../../Library/Cache/Cache'
import { log } from '../../Library/Log/Log'

/** How long the store may take to answer at the start, in milliseconds. */
const WAIT_MS = 2000

/** Waits for the store that user code reads and writes, so that the first call finds it. Without it, what needs no Redis is served. */
export async function awaitStore(): Promise<void> {
  await Cache.ready('master', WAIT_MS).catch((error: unknown) => {
    log.warn({ reason: String(error) }, 'Redis does not answer; the worker starts without it')
  })
}
