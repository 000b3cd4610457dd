import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { lastLines, Tail } from '../../../Core/Console/logFiles'
import { CONSOLE, Program, runConsole, ServerProgram, temporary } from '../../support/program'

const line = (msg: string, level = 'info') =>
  `${JSON.stringify({ level, time: '2026-01-02T03:04:05.678Z', pid: 7, name: 'worker 1', msg })}\n`

/** A Runtime folder with log files, and the console's look at them. */
class Logs {
  readonly runtime = temporary()

  constructor() {
    mkdirSync(join(this.runtime, 'logs'))
  }

  path(day: number): string {
    return join(this.runtime, 'logs', `2026-01-0${day}.log`)
  }

  show(...args: string[]) {
    return runConsole(['logs', ...args], { env: { APP_RUNTIME: this.runtime } })
  }

  follow(...args: string[]): Program {
    const program = new Program(process.execPath, [CONSOLE, 'logs', '-f', ...args], {
      env: { APP_RUNTIME: this.runtime },
    })
    onTestFinished(() => program.kill())
    return program
  }
}

test('logs shows the end of the newest file, for people, the log of a real server', async () => {
  const server = await ServerProgram.start()
  const { code, stdout } = await runConsole(['logs'], { env: { APP_RUNTIME: server.runtime } })
  expect(code).toBe(0)
  expect(stdout).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO \(supervisor\/\d+\): started/m)
  expect(stdout).not.toContain('\u001b')
  await server.kill()
})

test('--lines and --level choose; --json leaves the lines as they are', async () => {
  const logs = new Logs()
  writeFileSync(logs.path(1), line('yesterday', 'error'))
  writeFileSync(logs.path(2), [line('one', 'error'), line('two'), line('three', 'warn'), line('four')].join(''))
  expect((await logs.show('--lines', '2', '--json')).stdout).toBe(`${line('three', 'warn')}${line('four')}`.trimEnd())
  const { stdout } = await logs.show('--level', 'warn')
  expect(stdout.split('\n').map((text) => text.split(': ')[1])).toEqual(['one', 'three'])
  expect(await logs.show('--level', 'loud')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Allowed choices'),
  })
  expect(await logs.show('--lines', '-1')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('a number of lines'),
  })
})

test('escape sequences that a client sent stay text', async () => {
  const logs = new Logs()
  writeFileSync(logs.path(1), line('a \u001b[2J b'))
  const { stdout } = await logs.show()
  expect(stdout).toContain('a \ufffd[2J b')
})

test('where there is no log it says so', async () => {
  const runtime = temporary()
  const { code, stderr } = await runConsole(['logs'], { env: { APP_RUNTIME: runtime } })
  expect({ code, stderr }).toEqual({ code: 1, stderr: `there is no log in ${runtime}/logs` })
})

test('-f goes on with what comes, across a new day and a file that was deleted; every line once', async () => {
  const logs = new Logs()
  writeFileSync(logs.path(1), line('before') + line('last'))
  const shown = logs.follow('--lines', '1', '--json')
  await shown.says('"last"')
  const [first, second] = [line('split'), line('whole')]
  appendFileSync(logs.path(1), first.slice(0, 40))
  appendFileSync(logs.path(1), first.slice(40) + second)
  await shown.says('"whole"')
  appendFileSync(logs.path(1), line('at midnight'))
  writeFileSync(logs.path(2), line('new day'))
  await shown.says('"new day"')
  writeFileSync(join(logs.runtime, 'new'), line('deleted before'))
  rmSync(logs.path(2))
  renameSync(join(logs.runtime, 'new'), logs.path(2))
  await shown.says('"deleted before"')
  shown.signal('SIGINT')
  expect(await shown.ended).toEqual({ code: 0, signal: null })
  expect(shown.stdout.map((text) => JSON.parse(text).msg)).toEqual([
    'last',
    'split',
    'whole',
    'at midnight',
    'new day',
    'deleted before',
  ])
})

test('while the newest file is gone, the one of the day before is not shown once more', () => {
  const logs = new Logs()
  for (const day of [1, 2]) writeFileSync(logs.path(day), `of day ${day}\n`)
  const tail = new Tail(logs.runtime, logs.path(2), 0)
  expect(tail.read()).toEqual(['of day 2'])
  rmSync(logs.path(2))
  expect(tail.read()).toEqual([])
  writeFileSync(logs.path(2), 'anew\n')
  expect(tail.read()).toEqual(['anew'])
  tail.close()
})

test('-f waits for a log where there is none yet', async () => {
  const logs = new Logs()
  const shown = logs.follow()
  await shown.says('waiting for a log')
  writeFileSync(logs.path(1), line('at last'))
  await shown.says('at last')
})

test('the last lines of a large file are whole, whatever the chunks that it is read in cut', () => {
  const file = join(temporary(), 'log')
  const texts = Array.from({ length: 3000 }, (_, index) => `${index} ${'长'.repeat(index % 90)}`)
  const long = `long ${'x'.repeat(200_000)}`
  writeFileSync(file, `${[...texts, long, 'last'].join('\n')}\nhalf a li`)
  const all = lastLines(file, 10_000, () => true)
  expect(all.lines).toEqual([...texts, long, 'last'])
  expect(lastLines(file, 2000, () => true)).toEqual({ ...all, lines: [...texts, long, 'last'].slice(-2000) })
  expect(lastLines(file, 1, (text) => text.startsWith('5 ')).lines).toEqual([texts[5]])
  expect(lastLines(file, 0, () => true)).toEqual({ ...all, lines: [] })
  expect(all.end).toBe(Buffer.byteLength(`${[...texts, long, 'last'].join('\n')}\n`))
})
