import { log } from '../../Library/Log/Log'
import { pause } from './Backoff'
import type { Child } from './Child'

/** How long a process may take to say that it lives, in milliseconds. */
const PONG_MS = 2000

/**
 * Runs onShutdown in a process, for as long as it may take: the clients still have to be told, and their onClose to run. A process
 * that hangs is ended, so that nobody waits for it.
 * @param deadlineMs milliseconds
 * @returns whether the process can be stopped in good order
 */
export async function lastHook(child: Child, deadlineMs: number): Promise<boolean> {
  const told = within(child.ask({ order: 'hook', hook: 'onShutdown' }, 'hooked'), deadlineMs)
  if (!(await within(child.ask({ order: 'ping' }, 'pong'), Math.min(PONG_MS, deadlineMs)))) {
    log.error({ pid: child.pid }, 'a process gives no sign of life when it is asked to stop, and is ended')
    child.kill()
    return false
  }
  if (!(await told)) {
    log.error({ pid: child.pid }, `onShutdown takes longer than ${deadlineMs / 1000} s; the stop goes on without it`)
  }
  return true
}

/** Whether something came to its end, good or bad, in time. */
function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  const ended = work.then(
    () => true,
    () => true, // the process has died: there is nothing to wait for
  )
  return Promise.race([ended, pause(ms).then(() => false)])
}
