import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { Cache, isStoreAway, type Redis, StoreAway } from '../../../Library/Cache/Cache'
import { log } from '../../../Library/Log/Log'
import { compile } from '../../support/programs'
import { type RedisServer, startRedis } from '../../support/redis'

/** A second, and as much as a machine may need that has no time. What must not take longer is shown by which timeout ended it. */
const SOON = 5000

let server: RedisServer
const lines: { level: 'error' | 'info'; fields: unknown; text: unknown }[] = []

beforeAll(async () => {
  server = await startRedis()
})
afterAll(() => server.stop())
beforeEach(() => {
  lines.length = 0
  for (const level of ['error', 'info'] as const) {
    vi.spyOn(log, level).mockImplementation(
      (fields: unknown, text?: unknown) => void lines.push({ level, fields, text }),
    )
  }
  Cache.configure({ master: { url: server.url }, task: { url: server.url, prefix: 'task:' } })
})
afterEach(async () => {
  await Cache.close()
  vi.restoreAllMocks()
  // A test that failed in the middle must not fail the others too.
  await server.kill('SIGCONT')
})

/** The client of `master`, connected. */
async function master(): Promise<Redis> {
  await Cache.ready('master', 20_000)
  return Cache.get('master')
}

/** Resolves with the event, or fails after so many milliseconds. */
function event(client: Redis, name: string, ms = 20_000): Promise<unknown[]> {
  // Not events.once, for which an 'error' in between is the end.
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no '${name}' within ${ms} ms`)), ms)
    client.once(name, (...args: unknown[]) => {
      clearTimeout(late)
      resolve(args)
    })
  })
}

async function failsWithin(ms: number, work: () => Promise<unknown>): Promise<unknown> {
  const began = performance.now()
  const error = await work().then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(performance.now() - began).toBeLessThan(ms)
  expect(error).toBeDefined()
  return error
}

describe('the cache', () => {
  it('has one client a name, made at its first use', async () => {
    const client = await master()
    expect(Cache.get('master')).toBe(client)
    expect(Cache.get('task')).not.toBe(client)
    expect(await client.set('a', '1')).toBe('OK')
  })

  it('puts the prefix before keys, and leaves channels alone', async () => {
    await Cache.ready('task', 20_000)
    await Cache.get('task').set('a', 'prefixed')
    expect(await (await master()).get('task:a')).toBe('prefixed')
    const subscriber = Cache.subscriber('task')
    await subscriber.subscribe('news')
    const heard = event(subscriber, 'message')
    await (await master()).publish('news', 'hello')
    expect(await heard).toEqual(['news', 'hello'])
    subscriber.disconnect()
  })

  it.each(['other', 'constructor', '__proto__', ''])('says which names there are when asked for %j', (name) => {
    expect(() => Cache.get(name)).toThrow(/there is no connection.*master, task/)
    expect(() => Cache.subscriber(name)).toThrow(/there is no connection.*master, task/)
  })

  it('refuses a wrong configuration and keeps the right one', () => {
    expect(() => Cache.configure({ master: { url: 'http://x' } })).toThrow('cache.master.url')
    expect(Cache.get('task')).toBeDefined()
    expect(() => Cache.configure({})).toThrow(/close\(\)/)
  })

  it('is reached over a unix socket', async () => {
    await Cache.close()
    const folder = mkdtempSync(join(tmpdir(), 'mswoole-unix-'))
    const path = join(folder, 'redis.sock')
    const other = await startRedis({ args: ['--unixsocket', path] })
    Cache.configure({ master: { url: path }, task: { path }, url: { url: `unix://${path}` } })
    for (const name of ['master', 'task', 'url']) {
      await Cache.ready(name, 20_000)
      expect(await Cache.get(name).incr('a')).toBeGreaterThan(0)
    }
    expect(await Cache.get('url').get('a')).toBe('3')
    await Cache.close()
    await other.stop()
    rmSync(folder, { recursive: true })
  })
})

describe('ready', () => {
  it('waits for a Redis that comes later', async () => {
    await server.kill('SIGKILL')
    const waiting = Cache.ready('master', 10_000)
    await event(Cache.get('master'), 'error')
    await server.restart()
    await waiting
    expect(await Cache.get('master').ping()).toBe('PONG')
  })

  it('rejects with StoreAway and the reason, and leaves no listener', async () => {
    await Cache.close()
    Cache.configure({ master: { url: 'redis://127.0.0.1:1' } })
    const error = await failsWithin(SOON, () => Cache.ready('master', 300))
    expect(error).toBeInstanceOf(StoreAway)
    expect(error).toMatchObject({ message: expect.stringContaining('300 ms'), cause: { code: 'ECONNREFUSED' } })
    const client = Cache.get('master')
    expect(['ready', 'error', 'end'].map((name) => client.listenerCount(name))).toEqual([1, 1, 1])
  })

  it('ends when the cache is closed meanwhile', async () => {
    await Cache.close()
    Cache.configure({ master: { url: 'redis://127.0.0.1:1' } })
    const waiting = failsWithin(SOON, () => Cache.ready('master', 10_000))
    await Cache.close()
    expect(await waiting).toBeInstanceOf(StoreAway)
  })

  it('tells a wrong password from a Redis that is away, without telling the password', async () => {
    const locked = await startRedis({ args: ['--requirepass', 'hunter1'] })
    await Cache.close()
    Cache.configure({ master: { url: locked.url.replace('//', '//:hunter2@') } })
    const error = await failsWithin(SOON, () => Cache.ready('master', 1000))
    expect(error).toMatchObject({ cause: { message: expect.stringMatching(/WRONGPASS/) } })
    expect(lines).toHaveLength(1)
    expect(JSON.stringify(lines)).toContain('WRONGPASS')
    expect(JSON.stringify(lines)).not.toContain('hunter')
    await Cache.close()
    Cache.configure({ master: { url: locked.url.replace('//', '//:hunter1@') } })
    await Cache.ready('master', 20_000)
    await Cache.close()
    await locked.stop()
  })
})

describe('a Redis that is away', () => {
  it('fails each command within a second, queues nothing, and is back by itself', async () => {
    const client = await master()
    const closed = event(client, 'close')
    await server.kill('SIGKILL')
    await closed
    await failsWithin(SOON, async () => {
      const errors = await Promise.all(
        Array.from({ length: 1000 }, () =>
          client.incr('count').then(
            () => undefined,
            (error: unknown) => error,
          ),
        ),
      )
      expect(errors.every(isStoreAway)).toBe(true)
      throw errors[0]
    })
    expect(client.commandQueue.length).toBe(0)
    const back = event(client, 'ready')
    await server.restart()
    const began = performance.now()
    await back
    expect(performance.now() - began).toBeLessThan(SOON)
    // None of the thousand waited anywhere.
    expect(await client.incr('count')).toBe(1)
  })

  it('that hangs fails each command within a second and executes none of them twice', async () => {
    const client = await master()
    await client.set('count', '0')
    await server.kill('SIGSTOP')
    const closed = event(client, 'close')
    const errors = await Promise.all(Array.from({ length: 10 }, () => failsWithin(SOON, () => client.incr('count'))))
    // Half a second, and not when the silent connection ends.
    for (const error of errors) expect(error).toMatchObject({ message: 'Command timed out' })
    expect(errors.every(isStoreAway)).toBe(true)
    await closed
    expect(isStoreAway(await failsWithin(SOON, () => client.incr('count')))).toBe(true)
    const back = event(client, 'ready')
    await server.kill('SIGCONT')
    await back
    expect(Number(await client.get('count'))).toBeLessThanOrEqual(10)
  })

  it('is logged once, and once more when it is back', async () => {
    const client = await master()
    expect(lines).toEqual([])
    await server.kill('SIGKILL')
    for (let attempt = 0; attempt < 3; attempt++) await event(client, 'error')
    const back = event(client, 'ready')
    await server.restart()
    await back
    expect(lines).toEqual([
      { level: 'error', fields: { cache: 'master', why: expect.any(String) }, text: 'Redis is away' },
      { level: 'info', fields: { cache: 'master', seconds: expect.any(Number) }, text: 'Redis is back' },
    ])
    const again = event(client, 'error')
    await server.kill('SIGTERM')
    await again
    expect(lines).toHaveLength(3)
    await server.restart()
  })
})

it('an idle client keeps its connection', async () => {
  const client = await master()
  await client.ping()
  const closed = event(client, 'close', 10_000).then(
    () => 'closed',
    () => 'kept',
  )
  // More than twice the socket's timeout. That nothing happens can only be seen by waiting.
  expect(await Promise.race([closed, after(2500, 'kept')])).toBe('kept')
  expect(await client.ping()).toBe('PONG')
})

describe('close', () => {
  it('lets what was sent be answered, and then fails', async () => {
    await Cache.close()
    Cache.configure({ master: { url: server.url, options: { commandTimeout: 20_000, socketTimeout: 20_000 } } })
    const client = await master()
    const sent = client.incr('last')
    // Redis would drop this one at once if the connection just ended.
    const slow = client.blpop('nothing', 0.2)
    await Cache.close(20_000)
    expect(await sent).toBeGreaterThan(0)
    expect(await slow).toBeNull()
    const error = await failsWithin(SOON, () => client.ping())
    expect(isStoreAway(error)).toBe(true)
    expect(String(error)).not.toContain('timed out') // it is refused at once
    expect(() => Cache.get('master')).toThrow(StoreAway)
    expect(() => Cache.subscriber('master')).toThrow(StoreAway)
    expect(lines).toEqual([])
  })

  it('may be called again, at the same time, and with nothing open', async () => {
    await master()
    await Promise.all([Cache.close(), Cache.close()])
    await Cache.close()
    Cache.configure({ master: { url: server.url } })
    await Cache.close()
    Cache.configure({ master: { url: server.url } })
    expect(await (await master()).ping()).toBe('PONG')
  })

  it('waits for a Redis that hangs no longer than its deadline', async () => {
    await Cache.close()
    Cache.configure({ master: { url: server.url, options: { commandTimeout: 20_000, socketTimeout: 20_000 } } })
    await master()
    await server.kill('SIGSTOP')
    const began = performance.now()
    await Cache.close(200)
    expect(performance.now() - began).toBeLessThan(SOON)
    await server.kill('SIGCONT')
  })
})

describe('a subscriber', () => {
  it('has its channels again when Redis is back', async () => {
    const subscriber = Cache.subscriber('master')
    await subscriber.subscribe('one', 'two')
    await subscriber.psubscribe('many.*')
    const client = await master()
    for (let restarts = 0; restarts < 2; restarts++) {
      const back = Promise.all([event(subscriber, 'ready'), event(client, 'ready')])
      await server.kill('SIGKILL')
      await server.restart()
      await back
      // Redis says how many it reached: the subscriptions are on their way, and no event tells of them.
      for (const channel of ['one', 'two', 'many.more']) {
        await vi.waitUntil(async () => (await client.publish(channel, 'hello')) === 1, 20_000)
      }
    }
    subscriber.disconnect()
  })

  it('has them also when the connection falls while it subscribes again', async () => {
    const subscriber = Cache.subscriber('master')
    await subscriber.subscribe('one', 'two')
    await subscriber.psubscribe('many.*')
    for (let falls = 0; falls < 3; falls++) {
      subscriber.stream.destroy()
      await event(subscriber, 'ready')
    }
    const client = await master()
    for (const channel of ['one', 'two', 'many.more']) {
      await vi.waitUntil(async () => (await client.publish(channel, 'hello')) === 1, 20_000)
    }
    subscriber.disconnect()
  })

  it('rejects nobody’s promise when it ends while it subscribes again', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const subscriber = Cache.subscriber('master')
    await subscriber.subscribe('one')
    const ended = event(subscriber, 'end')
    // When it says ready, its SUBSCRIBE has just been written: here it loses the connection before the answer.
    subscriber.once('ready', () => {
      subscriber.disconnect()
      subscriber.stream.destroy()
    })
    await server.kill('SIGKILL')
    await server.restart()
    await ended
    // Node tells of unhandled rejections after the promises of this turn.
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('notices a Redis that is silent', async () => {
    const subscriber = Cache.subscriber('master')
    await subscriber.subscribe('one')
    await server.kill('SIGSTOP')
    await event(subscriber, 'close', 15_000)
    const back = event(subscriber, 'ready')
    await server.kill('SIGCONT')
    await back
    subscriber.disconnect()
  })

  it('is its own client: closing the cache leaves it', async () => {
    const subscriber = Cache.subscriber('master')
    await subscriber.subscribe('one')
    await Cache.close()
    expect(await subscriber.ping()).toBe('PONG')
    const ended = event(subscriber, 'end')
    await subscriber.quit()
    await ended
  })
})

describe('a process that closed its cache ends by itself', () => {
  let library = { file: '', remove: () => {} }
  beforeAll(async () => {
    library = await compile('Library/Cache/Cache.ts')
  })
  afterAll(() => library.remove())

  async function ends(script: string): Promise<void> {
    const head = `const { Cache } = require(${JSON.stringify(library.file)});
      Cache.configure({ master: { url: ${JSON.stringify(server.url)} }, dead: { url: 'redis://127.0.0.1:1' }, none: { path: '/nowhere' } });`
    const child = spawn(process.execPath, ['-e', `${head}(async () => {${script}})()`], {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 60_000,
    })
    expect(await once(child, 'exit')).toEqual([0, null])
  }

  it.each([
    ['unused', ''],
    ['at once after the first use', `Cache.get('master'); await Cache.close()`],
    ['after use', `await Cache.ready('master', 20_000); await Cache.get('master').ping(); await Cache.close()`],
    [
      'with a subscriber that was ended',
      `const s = Cache.subscriber('master'); await s.subscribe('a'); s.disconnect()`,
    ],
    ['with a subscriber that quit', `const s = Cache.subscriber('master'); await s.subscribe('a'); await s.quit()`],
    ['from a Redis that is not there', `await Cache.ready('dead', 300).catch(() => {}); await Cache.close()`],
    ['from a socket that is not there', `Cache.get('none').on('reconnecting', () => Cache.close())`],
    [
      'while a subscriber tries to connect',
      `const s = Cache.subscriber('dead'); s.on('reconnecting', () => s.disconnect())`,
    ],
  ])('%s', async (_name, script) => {
    expect(existsSync(library.file)).toBe(true)
    await ends(script)
  })

  it('from a Redis that hangs', async () => {
    const script = `await Cache.ready('master', 20_000); process.kill(${server.pid}, 'SIGSTOP'); Cache.get('master').ping().catch(() => {}); await Cache.close(100)`
    await ends(script)
    await server.kill('SIGCONT')
  })
})
