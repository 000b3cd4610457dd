import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Client } from '../../support/client'
import { eventually } from '../../support/eventually'
import { leftIn, Program } from '../../support/program'
import { PATH_WITHOUT_REDIS } from '../../support/server'
import { Place } from './daemon'

/** Where the kernel keeps session, terminal and start time of a process, behind its name. */
function statOf(pid: number) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { session: Number(fields[3]), terminal: Number(fields[4]), start: fields[19] }
}

test('start -d returns when the ports listen, and says where; stop ends it and leaves the logs only', async () => {
  const place = new Place()
  const { url, pid, stdout } = await place.start()
  const client = await Client.connect(url)
  expect(await client.call('index.index.index')).toMatchObject({ event: 'success' })
  expect(stdout).toContain(`runtime  ${place.runtime}`)
  expect(stdout).not.toContain('auth=')
  expect(await place.console('status')).toMatchObject({ code: 0, stdout: expect.stringContaining(`PID: ${pid}`) })
  expect(await place.console('stop')).toMatchObject({ code: 0 })
  expect(await client.closed).toMatchObject({ code: 1001 })
  expect(place.processes).toEqual([])
  expect(leftIn(place.runtime)).toEqual(['logs'])
})

test('a daemon logs to its file alone; what is printed besides is in output.log', async () => {
  const place = new Place({ cwd: 'test/fixtures/ops' })
  const { url } = await place.start()
  const client = await Client.connect(url)
  await client.call('ops.room.tell', { text: 'to the log' })
  await client.close()
  expect(place.output).toBe('')
  const [name = ''] = readdirSync(join(place.runtime, 'logs')).filter((file) => file !== 'output.log')
  // The process that answers a client and the one that writes the file are two.
  await eventually(() => {
    const messages = readFileSync(join(place.runtime, 'logs', name), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).msg)
    expect(messages.filter((message) => message === 'started')).toHaveLength(1)
    expect(messages).toContain('told')
  })
})

test('a daemon has a session of its own, and lives on when its terminal has gone', async () => {
  const place = new Place()
  const { SHELL: _, ...env } = process.env
  // `script` gives the command a terminal, and takes it away when it has ended.
  const command = `${process.execPath} dist/Public/console.js start -d`
  const terminal = new Program('script', ['-qec', command, '/dev/null'], {
    env: { ...place.env, TERM: env.TERM ?? '' },
  })
  expect(await terminal.ended).toMatchObject({ code: 0 })
  const [, pid = ''] = /pid (\d+)/.exec(terminal.output) ?? []
  expect(statOf(Number(pid))).toMatchObject({ session: Number(pid), terminal: 0 })
  const [, url = ''] = /main +(ws:\S+)/.exec(terminal.output) ?? []
  const client = await Client.connect(url)
  expect(await client.call('index.index.index')).toMatchObject({ event: 'success' })
  await client.close()
})

test.each([[['start', '-d']], [['start']]])(
  'a second `%s` on the same folder says who is running since when, and exits with 1',
  async (args) => {
    const place = new Place()
    const { pid, url } = await place.start()
    utimesSync(join(place.runtime, 'server.pid'), new Date(), new Date('2026-01-02T03:04:05'))
    const { code, stdout, stderr } = await place.console(...args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe(
      `the server with pid ${pid} is running in the folder ${place.runtime} since 2026-01-02 03:04:05; stop that one, or name another folder in APP_RUNTIME`,
    )
    const client = await Client.connect(url)
    await client.close()
  },
)

test('why it does not start is told: a port that somebody has', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = Object(other.address())
  const place = new Place({ env: { APP_OUTSIDE_PORT: String(port) } })
  const { code, stdout, stderr } = await place.console('start', '-d')
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain(String(port))
  expect(place.processes).toEqual([])
  other.close()
})

test('why it does not start is told: a Redis that never comes, after --timeout', async () => {
  const place = new Place({ env: { REDIS_URL: 'redis://127.0.0.1:1' } })
  const { code, stdout, stderr } = await place.console('start', '-d', '--timeout', '12')
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/does not listen within 12 s: .*Redis at redis:\/\/127\.0\.0\.1:1 does not answer/)
  expect(place.processes).toEqual([])
})

test('the pid file of a server that was killed is stale: the next one starts', async () => {
  const place = new Place({ env: { PATH: PATH_WITHOUT_REDIS } })
  const first = await place.start()
  process.kill(first.pid, 'SIGKILL')
  expect(await place.console('stop')).toMatchObject({ code: 1, stderr: '连接服务失败' })
  const second = await place.start()
  expect(second.pid).not.toBe(first.pid)
})

test('so is one whose pid another program has by now; with that start time, too, it is the server', async () => {
  const place = new Place()
  const { start } = statOf(process.pid)
  mkdirSync(place.runtime, { recursive: true })
  const write = (since: string) => writeFileSync(join(place.runtime, 'server.pid'), `${process.pid}\n${since}\n`)
  write(String(Number(start) - 1))
  await place.start()
  await place.console('stop')
  write(String(start))
  expect(await place.console('start', '-d')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`the server with pid ${process.pid} is running`),
  })
})

test('a pid file that another one is just making is waited for', async () => {
  const place = new Place()
  const file = join(place.runtime, 'server.pid')
  const { start } = statOf(process.pid)
  writeFileSync(file, '')
  // However long this takes, it was touched a moment ago.
  utimesSync(file, new Date(), new Date(Date.now() + 3_600_000))
  const starting = place.console('start', '-d')
  await eventually(() => expect(place.processes.filter((line) => line.endsWith('console.js start'))).toHaveLength(1))
  // Whoever took the empty file for a stale one would have put its own there by now.
  await new Promise((resolve) => setTimeout(resolve, 1500))
  writeFileSync(file, `${process.pid}\n${start}\n`)
  expect(await starting).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`the server with pid ${process.pid} is running`),
  })
})
