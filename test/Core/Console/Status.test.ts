import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sparkline } from '../../../Core/Console/table'
import { Client } from '../../support/client'
import { eventually } from '../../support/eventually'
import { runConsole } from '../../support/program'
import { Server } from '../../support/server'

let server: Server
let clients: Client[]
beforeAll(async () => {
  server = await Server.start({ fixture: 'metrics', env: { APP_MODE: 'process', APP_GATEWAYS: '2' } })
  clients = [await Client.connect(server.url()), await Client.connect(server.url('second'))]
  await clients[0]?.call('count.kit.ok')
  await clients[0]?.call('count.kit.fail')
})
afterAll(async () => {
  for (const client of clients) await client.close()
  await server.stop()
})

const status = (...args: string[]) => runConsole(['status', ...args], { env: { APP_RUNTIME: server.runtime } })

const THREE_LINES = /^当前服务器共有 2 个连接\n主进程PID: \d+\n内存占用量: \d+\.\d\dMB$/

test('status in a pipe is three lines, for scripts', async () => {
  const { code, stdout } = await status()
  expect(stdout).toMatch(THREE_LINES)
  expect(code).toBe(0)
})

test('--all shows gateways, workers, ports, modules and the store below them', async () => {
  // Processes tell what they have counted once a second.
  await eventually(async () => {
    const { stdout } = await status('--all')
    const [first = '', ...rest] = stdout.split('\n\n')
    expect(first).toMatch(THREE_LINES)
    const text = rest.join('\n')
    expect(text).toMatch(new RegExp(`^ready, pid ${server.process.pid}, up \\d+ s, \\d+ MiB in all$`, 'm'))
    expect(text).toMatch(/^store: .+, \d+(\.\d)? ms$/m)
    expect(text).toMatch(/^gateway 1 +\d+ +\d+ +0 +\d+ +\d+ +\d+(\.\d)? ms +\d+ MiB +\d+ s$/m)
    expect(text).toMatch(/^worker 2 +\d+ +1 +\d+ +0 +\d+ +\d+(\.\d)? ms +\d+ MiB +\d+ s$/m)
    expect(text).toMatch(/^main +1$/m)
    expect(text).toMatch(/^second +1$/m)
    expect(text).toMatch(/^Count +2 +1 +\d+(\.\d)? ms$/m)
  })
})

test('--json is everything', async () => {
  await eventually(async () => {
    const all = JSON.parse((await status('--json')).stdout)
    expect(all).toMatchObject({
      pid: server.process.pid,
      state: 'ready',
      connections: 2,
      ports: { main: 1, second: 1 },
      store: { up: true },
      modules: { Count: { calls: 2, failed: 1 } },
    })
    expect(all.gateways.map(({ name }: { name: string }) => name)).toEqual(['gateway 1', 'gateway 2'])
    expect(all.workers).toHaveLength(2)
    for (const { pid, uptime, memory, heap } of [...all.gateways, ...all.workers]) {
      expect(() => process.kill(pid, 0)).not.toThrow()
      expect(Math.min(uptime, memory, heap)).toBeGreaterThan(0)
    }
    expect(all.lastMinute.at(-1).connections).toBe(2)
  })
})

test('it knows how many messages go through a second', async () => {
  for (let n = 0; n < 50; n++) await clients[0]?.call('count.kit.ok')
  await eventually(async () => {
    const { lastMinute } = JSON.parse((await status('--json')).stdout)
    const seen = lastMinute.reduce((all: number, { received }: { received: number }) => all + received, 0)
    expect(seen).toBeGreaterThan(20) // a second may take two on a busy machine
    expect(seen).toBeLessThan(60)
  })
})

test('--watch in a pipe says what to do instead', async () => {
  const { code, stderr } = await status('--watch')
  expect(stderr).toBe('status --watch draws on a terminal; for programs there is status --json')
  expect(code).toBe(1)
})

test('--watch draws until Ctrl-C, and leaves the terminal as it was', async () => {
  const command = `stty cols 90 rows 40; exec ${process.execPath} ${resolve('dist/Public/console.js')} status --watch`
  const terminal = spawn('script', ['-qefc', command, '/dev/null'], {
    env: { PATH: process.env.PATH, APP_RUNTIME: server.runtime, TERM: 'xterm', SHELL: '/bin/sh' },
  })
  let shown = ''
  terminal.stdout.setEncoding('utf8').on('data', (text) => {
    shown += text
  })
  const ended = once(terminal, 'close') // all that it has drawn has come by then
  await eventually(() => expect(shown.split('\x1b[H').length).toBeGreaterThan(3), 60_000)
  terminal.stdin.write('\x03')
  const [code] = await ended
  expect(code).toBe(0)
  expect(shown.startsWith('\x1b[?1049h\x1b[?25l')).toBe(true)
  expect(shown.replace('^C', '').endsWith('\x1b[?25h\x1b[?1049l')).toBe(true)
  const lines = stripVTControlCharacters(shown).split(/\r*\n/)
  expect(lines).toContainEqual(expect.stringMatching(/^messages in\/s +\d+ +\d+ +[▁▂▃▄▅▆▇█]+$/))
  expect(lines).toContainEqual(expect.stringMatching(/^gateway 2 +\d+/))
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(90)
})

test('a graph has a character a value, and its highest bar at the highest one', () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe('▁▂▃▄▅▆▇█')
  expect(sparkline([0, 0])).toBe('▁▁')
  expect(sparkline([5])).toBe('█')
})
