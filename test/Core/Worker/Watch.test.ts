import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

test('the watchdog speaks when the worker stands still, and not while it still loads', async () => {
  const runtime = mkdtempSync(join(tmpdir(), 'mswoole-watch-'))
  onTestFinished(() => rmSync(runtime, { recursive: true }))
  const options = { runtime, level: 'info', name: 'worker 1', limitMs: 300 }
  const logs = join(runtime, 'logs')
  const worker = `
    const { existsSync, readdirSync, statSync } = require('node:fs')
    const { Watch } = require('./dist/Core/Worker/Watch.js')
    const logs = ${JSON.stringify(logs)}
    const standStill = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
    const isSaid = () => existsSync(logs) && readdirSync(logs).some((file) => statSync(logs + '/' + file).size > 0)
    const watch = new Watch()
    watch.call(${JSON.stringify(options)})
    standStill(1500)
    watch.begin()
    watch.began('Live.User.join')
    // However late the watchdog comes to it.
    while (!isSaid()) standStill(50)`
  await promisify(execFile)(process.execPath, ['-e', worker])
  const lines = readdirSync(logs).flatMap((file) => readFileSync(join(logs, file), 'utf8').trim().split('\n'))
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'fatal', name: 'worker 1', action: 'Live.User.join' })
})
