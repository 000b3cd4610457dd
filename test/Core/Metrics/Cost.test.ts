import { createHook } from 'node:async_hooks'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { action } from '../../../Core/App/Action'
import type { App } from '../../../Core/App/App'
import { readWorkerCounts } from '../../../Core/Metrics/WorkerCounts'
import { Watch } from '../../../Core/Worker/Watch'
import { Worker } from '../../../Core/Worker/Worker'
import { checkApp } from '../../../Library/Config/Config'
import { gatewayThat } from '../Link/ends'

const CALLS = 100

class Talk {
  @action()
  now(app: App, { fd }: { fd: number }) {
    app.sendSuccessMessage(fd, 'now', '')
  }

  @action()
  async later(app: App, { fd }: { fd: number }) {
    app.sendSuccessMessage(fd, 'later', '')
  }
}

/** Lets a worker take calls of an action. @returns how many promises, timers and the like that has made */
function made(method: string): number {
  const source = { file: '', module: 'Own', name: 'Talk', exported: Talk }
  const worker = new Worker(checkApp({}, {}), new Redis({ lazyConnect: true }), [source], new Watch())
  let answered = 0
  const gateway = { ...gatewayThat((what) => void (what === 'send' && answered++)), waiting: 0 }
  const { toWorker } = worker.serve(1, gateway)
  const frame = Buffer.from(JSON.stringify({ method: `own.talk.${method}` }))
  let count = 0
  const hook = createHook({
    init: () => {
      count++
    },
  })
  for (let fd = 1; fd <= CALLS; fd++) toWorker.attach(fd, { port: 'main', ip: '', auth: '', session: '' })
  hook.enable()
  for (let fd = 1; fd <= CALLS; fd++) toWorker.message(fd, frame)
  hook.disable()
  expect(answered).toBe(2 * CALLS)
  return count
}

test('a synchronous call makes no promise and no timer on its way, and is counted all the same', () => {
  expect(made('now')).toBe(0)
  expect(readWorkerCounts().actions['Own.Talk.now']?.outcomes.ok).toBe(CALLS)
})

test('the same look finds the promises of an asynchronous one', () => {
  expect(made('later')).toBeGreaterThanOrEqual(CALLS)
})
