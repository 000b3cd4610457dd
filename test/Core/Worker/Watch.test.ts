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
  const worker = `
    const { Watch } = require('./dist/Core/Worker/Watch.js')
    const standStill = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500)
    const watch = new Watch()
    watch.call(${JSON.stringify(options)})
    standStill()
    watch.begin()
    setTimeout(() => {
      watch.began('Live.User.join')
      standStill()
    }, 500)`
  await promisify(execFile)(process.execPath, ['-e', worker])
  const logs = join(runtime, 'logs')
  const lines = readdirSync(logs).flatMap((file) => readFileSync(join(logs, file), 'utf8').trim().split('\n'))
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'fatal', name: 'worker 1', action: 'Live.User.join' })
})
