import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../../support/eventually'
import { Hosting, Listener, SECRET } from './hosting'

const SOCKET = resolve('dist/Core/Link/Socket.js')
const RECORDS = 5000

/** A worker that sends its records, is sent to all the while, and dies as soon as the system has taken what it sent. */
const WORKER = `
const { joinGateway } = require(${JSON.stringify(SOCKET)})
const [path, secret] = process.argv.slice(1)
joinGateway(path, { secret, worker: 1 }).then(({ toGateway, serve }) => {
  serve({ attach() {}, message() {}, close() {}, answer() {} })
  for (let n = 1; n <= ${RECORDS}; n++) toGateway.send(n, 'x'.repeat(20), false)
  const look = () => toGateway.waiting === 0 ? process.kill(process.pid, 'SIGKILL') : setImmediate(look)
  setImmediate(look)
})`

let host: Hosting
beforeEach(async () => {
  host = await Hosting.open(new Listener(50))
})
afterEach(() => host.close())

test('everything that a worker had sent before it was killed is read before its loss is counted', async () => {
  const worker = spawn(process.execPath, ['-e', WORKER, host.path, SECRET], { stdio: 'inherit' })
  await host.next('joined')
  const [to] = host.workers.map(({ toWorker }) => toWorker)
  // What is written to the dying one must not throw away what it has sent.
  const talk = setInterval(() => to?.message(1, 'y'.repeat(10_000)), 0)
  const [, signal] = await once(worker, 'exit')
  expect(signal).toBe('SIGKILL')
  const lost = await host.next('lost')
  clearInterval(talk)
  expect(lost).toMatchObject({ id: 1, records: RECORDS, reason: undefined })
  expect(host.listener.said.all.map(({ fd }) => fd)).toEqual(Array.from({ length: RECORDS }, (_, n) => n + 1))
  expect(host.listener.said.all).toHaveLength(RECORDS)
})

test('a worker that stands still costs what is written to it, and the gateway knows how much that is', async () => {
  const worker = spawn(
    process.execPath,
    ['-e', WORKER.replace('process.kill(process.pid', '(() => { for (;;); })(process.pid'), host.path, SECRET],
    { stdio: 'inherit' },
  )
  await host.next('joined')
  await host.listener.said.next(({ fd }) => fd === RECORDS)
  const [to] = host.workers.map(({ toWorker }) => toWorker)
  for (let n = 0; n < 100; n++) to?.message(1, 'y'.repeat(1024 * 1024))
  await new Promise(setImmediate)
  expect(to?.waiting).toBeGreaterThan(90 * 1024 * 1024)
  worker.kill('SIGKILL')
  await host.next('lost')
  await eventually(() => expect(to?.waiting).toBe(0))
})
