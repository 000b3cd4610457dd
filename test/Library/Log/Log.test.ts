import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { compile } from '../../support/programs'

const Line = z.looseObject({
  level: z.string(),
  time: z.string(),
  pid: z.number(),
  msg: z.string(),
  name: z.string().optional(),
})

let library = { file: '', remove: () => {} }
let runtime = ''

beforeAll(async () => {
  library = await compile('Library/Log/Log.ts')
})
afterAll(() => library.remove())
beforeEach(() => {
  runtime = mkdtempSync(join(tmpdir(), 'mswoole-log-'))
  return () => rmSync(runtime, { recursive: true, force: true })
})

/** A process that has the log, and runs this. */
function start(script: string, env: Record<string, string> = {}, ...ipc: 'ipc'[]): ChildProcess {
  const head = `const { log, configureLog, divertLog, flushLog, closeLog } = require(${JSON.stringify(library.file)});
    const runtime = ${JSON.stringify(runtime)};`
  return spawn(process.execPath, ['-e', head + script], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe', ...ipc],
  })
}

async function outcome(child: ChildProcess) {
  const said = { stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk) => (said.stdout += chunk))
  child.stderr?.on('data', (chunk) => (said.stderr += chunk))
  const [code, signal] = await once(child, 'close')
  return { ...said, code, signal }
}

function lines(text: string) {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Line.parse(JSON.parse(line)))
}

function logged() {
  const folder = join(runtime, 'logs')
  return lines(
    readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join(''),
  )
}

describe('the log of a process', () => {
  it('writes the same JSON lines to standard output and to the file of the day', async () => {
    const { stdout, stderr, code } = await outcome(
      start(
        `configureLog({ runtime, level: 'info', name: 'worker 1', now: () => Date.UTC(2026, 2, 14, 22, 30) });
        log.info({ fd: 7 }, 'hello'); log.debug('not this'); log.error(new Error('broken'))`,
        { TZ: 'Asia/Shanghai' },
      ),
    )
    expect([stderr, code]).toEqual(['', 0])
    // It is the 15th in Shanghai.
    expect(readFileSync(join(runtime, 'logs', '2026-03-15.log'), 'utf8')).toBe(stdout)
    const [hello, broken, ...more] = lines(stdout)
    expect(hello).toMatchObject({
      level: 'info',
      name: 'worker 1',
      fd: 7,
      msg: 'hello',
      time: '2026-03-14T22:30:00.000Z',
    })
    expect(hello?.pid).toBeGreaterThan(0)
    expect(broken).toMatchObject({ level: 'error', msg: 'broken', err: { message: 'broken' } })
    expect(more).toEqual([])
  })

  it('works before it is configured, and children made then follow the configuration', async () => {
    const { stdout } = await outcome(
      start(`const child = log.child({ room: 'A' }); const grandchild = child.child({ fd: 1 });
        child.info('early'); child.debug('too fine');
        configureLog({ runtime, level: 'debug', name: 'gateway 1' });
        child.debug('late'); grandchild.debug('later')`),
    )
    expect(lines(stdout).map(({ msg, name }) => [msg, name])).toEqual([
      ['early', undefined],
      ['late', 'gateway 1'],
      ['later', 'gateway 1'],
    ])
    expect(logged().map(({ msg, room }) => [msg, room])).toEqual([
      ['late', 'A'],
      ['later', 'A'],
    ])
  })

  it('keeps secrets from both outputs', async () => {
    const { stdout } = await outcome(
      start(`configureLog({ runtime, level: 'info', name: 'gateway 1' });
        log.child({ token: 'hunter2' }).warn({ url: '/?auth=hunter2', deep: { password: 'hunter2' } }, 'redis://u:hunter2@h')`),
    )
    const [line] = logged()
    expect(stdout).not.toContain('hunter2')
    expect(line).toMatchObject({ token: '[redacted]', url: '/?auth=[redacted]', deep: { password: '[redacted]' } })
    expect(line?.msg).toBe('redis://[redacted]@h')
  })

  it('loses nothing that was logged before a SIGKILL', async () => {
    const { signal } = await outcome(
      start(`configureLog({ runtime, level: 'info', name: 'worker 1' });
        for (let n = 0; n < 1000; n++) log.info({ n }, 'line'); process.kill(process.pid, 'SIGKILL')`),
    )
    expect(signal).toBe('SIGKILL')
    expect(logged().map(({ n }) => n)).toEqual(Array.from({ length: 1000 }, (_, n) => n))
  })

  it('shares its file with other processes, line by line', async () => {
    const [rounds, each] = [20, 100]
    const script = (name: string) => `configureLog({ runtime, level: 'info', name: '${name}' });
      let n = 0;
      process.stdin.on('data', () => { for (const end = n + ${each}; n < end; n++) log.info({ n, fill: '${name}'.repeat(n) }, 'line'); process.send(n) });
      process.stdin.on('end', () => process.disconnect());
      process.send('ready')`
    const children = ['a', 'b', 'c'].map((name) => start(script(name), {}, 'ipc'))
    const ended = children.map(outcome)
    const everybody = () => Promise.all(children.map((child) => once(child, 'message')))
    await everybody()
    // In rounds, else one could be through before another one has begun.
    for (let round = 0; round < rounds; round++) {
      const written = everybody()
      for (const child of children) child.stdin?.write('go')
      await written
    }
    for (const child of children) child.stdin?.end()
    await Promise.all(ended)
    const all = logged()
    // They did write beside each other, else this proves nothing.
    expect(all.filter(({ name }, at) => at > 0 && name !== all[at - 1]?.name).length).toBeGreaterThan(rounds)
    for (const name of ['a', 'b', 'c']) {
      const own = all.filter((line) => line.name === name)
      expect(own.map(({ n }) => n)).toEqual(Array.from({ length: rounds * each }, (_, n) => n))
      for (const { n, fill } of own) expect(fill).toBe(name.repeat(Number(n)))
    }
  })

  it('goes on, and says so once, when the file cannot be written', async () => {
    const { stdout, stderr, code } = await outcome(
      start(`configureLog({ runtime: '/dev/null/nowhere', level: 'info', name: 'worker 1' });
        log.info('one'); log.info('two'); flushLog(); closeLog()`),
    )
    expect(code).toBe(0)
    expect(lines(stdout).map(({ msg }) => msg)).toEqual(['one', 'two'])
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(/worker 1: the log in \/dev\/null\/nowhere\/logs cannot be written/)
  })

  it('writes to standard output only when it was closed, and may be configured again', async () => {
    const { stdout, code } = await outcome(
      start(`configureLog({ runtime, level: 'info', name: 'a' }); log.info('one'); closeLog(); closeLog();
        log.info('two'); flushLog(); configureLog({ runtime, level: 'warn', name: 'b' }); log.info('fine'); log.warn('three')`),
    )
    expect(code).toBe(0)
    expect(lines(stdout).map(({ msg }) => msg)).toEqual(['one', 'two', 'three'])
    expect(logged().map(({ msg, name }) => [msg, name])).toEqual([
      ['one', 'a'],
      ['three', 'b'],
    ])
  })

  it('hands its lines over to who takes them, without secrets, and writes them again afterwards', async () => {
    const { stdout } = await outcome(
      start(`configureLog({ runtime, level: 'info', name: 'a' });
        const taken = [];
        const back = divertLog('warn', (line) => taken.push(line));
        log.info('not wanted'); log.child({ fd: 1 }).warn({ token: 'secret' }, 'taken');
        back();
        log.info({ taken }, 'written')`),
    )
    expect(lines(stdout).map(({ msg }) => msg)).toEqual(['written'])
    expect(logged()).toHaveLength(1)
    expect(stdout).toMatch(/taken.*\[redacted\]/)
    expect(stdout).not.toContain('secret')
  })

  it('is not ended by a reader of its output that leaves', async () => {
    const child = start(`configureLog({ runtime, level: 'info', name: 'a' }); log.info('first');
      process.stdin.on('data', () => log.info('more')); process.stdin.on('end', () => log.info('last'))`)
    const ended = once(child, 'exit')
    if (!child.stdout || !child.stdin) throw new Error('no pipes')
    await once(child.stdout, 'data')
    child.stdout.destroy()
    await once(child.stdout, 'close')
    child.stdin.write('x')
    child.stdin.end('y')
    expect(await ended).toEqual([0, null])
    expect(logged().at(-1)?.msg).toBe('last')
  })

  it.each([
    [`configureLog({ runtime, level: 'info', name: 'a', keepDays: -1 })`, 'keepDays'],
    [`configureLog({ runtime, level: 'info', name: 'a', keepDays: 1.5 })`, 'keepDays'],
    [`configureLog({ runtime, level: 'loud', name: 'a' })`, 'loud'],
  ])('refuses %s', async (script, named) => {
    const { stderr, code } = await outcome(start(script))
    expect(code).not.toBe(0)
    expect(stderr).toContain(named)
    expect(existsSync(join(runtime, 'logs'))).toBe(false)
  })
})
