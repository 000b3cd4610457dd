import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { PrivateRedis } from '../../Core/Store/PrivateRedis'
import { connect, eventually, programOnPath, temporaryFolder } from './servers'

interface Place {
  readonly runtime: string
  readonly socket: string
  readonly program: string
}

function newPlace(program = programOnPath()): Place {
  const runtime = temporaryFolder()
  onTestFinished(() => rmSync(runtime, { recursive: true, force: true }))
  return { runtime, socket: join(runtime, 'store.sock'), program }
}

async function start(place: Place): Promise<PrivateRedis> {
  const redis = await PrivateRedis.start(place)
  onTestFinished(() => redis.close())
  return redis
}

/** A program named redis-server that does as it is told. */
function fakeProgram(script: string): Place {
  const place = newPlace()
  mkdirSync(join(place.runtime, 'bin'))
  const program = join(place.runtime, 'bin', 'redis-server')
  writeFileSync(program, `#!/bin/sh\n${script}\n`)
  chmodSync(program, 0o755)
  return { ...place, program }
}

function lives(pid: number): boolean {
  // One that nobody has reaped has no command line.
  return commandLine(`${pid}`) !== ''
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return '' // it has ended
  }
}

/** Those that run a program, by its path. */
function processesOf(program: string): string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(program))
}

const pidIn = (file: string) => Number(readFileSync(file, 'utf8'))
const client = ({ socket }: Place) => connect({ path: socket, close: async () => {} })

describe('a private redis-server', () => {
  it('answers on its socket and nowhere else, and keeps nothing', async () => {
    const place = newPlace()
    const redis = await start(place)
    expect(redis.version).toMatch(/^\d+\.\d+\.\d+$/)
    expect(statSync(place.socket).mode & 0o777).toBe(0o700)
    expect(pidIn(join(place.runtime, 'store.pid'))).toBe(redis.pid)
    expect(await client(place).config('GET', 'port', 'save', 'appendonly', 'databases')).toEqual(
      expect.arrayContaining(['port', '0', 'save', '', 'appendonly', 'no', 'databases', '1']),
    )
    await client(place).set('a', 1)
    await redis.close()
    expect(readdirSync(place.runtime)).toEqual([])
    expect(lives(redis.pid ?? 0)).toBe(false)
    await redis.close()
  })

  it('tells when it ends by itself, and not when it is asked to', async () => {
    const killed = await start(newPlace())
    const reason = new Promise((tell) => killed.onExit(tell))
    process.kill(killed.pid ?? 0, 'SIGKILL')
    expect(await reason).toMatch(/^it ended with SIGKILL/)

    const closed = await start(newPlace())
    let isTold = false
    closed.onExit(() => {
      isTold = true
    })
    await closed.close()
    expect(isTold).toBe(false)
  })

  it('ends with the wrapper that started it', async () => {
    const place = fakeProgram(`"${programOnPath()}" "$@" & echo $! > wrapped; wait`)
    const redis = await start(place)
    const wrapped = pidIn(join(place.runtime, 'wrapped'))
    const ended = new Promise((tell) => redis.onExit(tell))
    process.kill(redis.pid ?? 0, 'SIGKILL')
    await ended
    await eventually(
      () => lives(wrapped),
      (does) => !does,
    )
  })

  it('leaves a process alone that merely got the number of an old one', async () => {
    const place = newPlace()
    const stranger = spawn('sleep', ['60'], { cwd: place.runtime })
    onTestFinished(() => void stranger.kill())
    writeFileSync(join(place.runtime, 'store.pid'), `${stranger.pid}\n`)
    const redis = await start(place)
    expect(lives(stranger.pid ?? 0)).toBe(true)
    expect(pidIn(join(place.runtime, 'store.pid'))).toBe(redis.pid)
  })

  it.each(['', 'x', '-1', '0', '1e9', '99999999'])('is not disturbed by the pid file %j', async (text) => {
    const place = newPlace()
    writeFileSync(join(place.runtime, 'store.pid'), text)
    await start(place)
    expect(await client(place).ping()).toBe('PONG')
  })

  it('does not take the socket of a process that lives', async () => {
    const place = newPlace()
    await start(place)
    const elsewhere = { ...newPlace(), socket: place.socket }
    await expect(PrivateRedis.start(elsewhere)).rejects.toThrow(`Another process answers on ${place.socket}`)
    expect(await client(place).ping()).toBe('PONG')
  })
})

describe('a program that does not start', () => {
  it('is reported with its last words', async () => {
    const place = fakeProgram('echo first; echo the config is bad >&2; exit 3')
    await expect(PrivateRedis.start(place)).rejects.toThrow(
      /^redis-server did not start: it ended with exit code 3\n.*the config is bad/s,
    )
    expect(readdirSync(place.runtime)).toEqual(['bin'])
  })

  it('is reported if it is none', async () => {
    const place = { ...newPlace(), program: '/nowhere/redis-server' }
    await expect(PrivateRedis.start(place)).rejects.toThrow(/did not start: .*ENOENT/)
  })

  it('does not stay if its pid cannot be written', async () => {
    const { program, socket } = fakeProgram('sleep 60')
    await expect(PrivateRedis.start({ runtime: '/proc', socket, program })).rejects.toThrow(/store\.pid/)
    expect(processesOf(program)).toEqual([])
  })

  it('is ended after 5 s of silence, with all that it started', async () => {
    const place = fakeProgram(
      `sleep 60 & echo $! > child; trap '' TERM; echo still thinking; while :; do sleep 1; done`,
    )
    await expect(PrivateRedis.start(place)).rejects.toThrow(/was not ready within 5000 ms\nstill thinking/)
    expect(lives(pidIn(join(place.runtime, 'child')))).toBe(false)
    expect(processesOf(place.program)).toEqual([])
    expect(readdirSync(place.runtime).sort()).toEqual(['bin', 'child'])
  })
})

describe('a private redis-server of a process that is gone', () => {
  let folder: string
  beforeAll(() => {
    folder = temporaryFolder()
    const tsc = resolve('node_modules/.bin/tsc')
    const options = '--ignoreConfig --module node20 --target es2022 --types node --skipLibCheck'.split(' ')
    execFileSync(tsc, [...options, '--rootDir', 'Core/Store', '--outDir', folder, 'Core/Store/PrivateRedis.ts'])
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  /** Another process, in a group of its own, that has started one. */
  async function host(place: Place): Promise<{ host: ChildProcess; pid: number }> {
    const script = `require(process.argv[1]).PrivateRedis.start(JSON.parse(process.argv[2])).then((redis) => console.log(redis.pid))`
    const child = spawn(process.execPath, ['-e', script, join(folder, 'PrivateRedis.js'), JSON.stringify(place)], {
      detached: true,
      env: { ...process.env, NODE_PATH: resolve('node_modules') },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const [line]: unknown[] = await once(child.stdout ?? child, 'data')
    return { host: child, pid: Number(line) }
  }

  it('lives through Ctrl-C, and is ended by the next start in its folder', async () => {
    const place = newPlace()
    const left = await host(place)
    const gone = once(left.host, 'exit')
    process.kill(-(left.host.pid ?? 0), 'SIGINT')
    await gone
    const before = client(place)
    await before.set('a', 'of the old one')
    expect(pidIn(join(place.runtime, 'store.pid'))).toBe(left.pid)

    const redis = await start(place)
    expect(lives(left.pid)).toBe(false)
    expect(redis.pid).not.toBe(left.pid)
    await eventually(
      () => client(place).get('a'),
      (value) => value === null,
    )
  })

  it('is ended also if it does not listen to SIGTERM', async () => {
    const place = newPlace()
    const left = await host(place)
    left.host.kill('SIGKILL')
    process.kill(left.pid, 'SIGSTOP')
    await start(place)
    expect(lives(left.pid)).toBe(false)
  })
})
