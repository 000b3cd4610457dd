import { readFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandOptions } from '../../../Library/Cache/Options'
import { isStoreAway, StoreAway } from '../../../Library/Cache/StoreAway'
import { type RedisServer, startRedis } from '../../support/redis'

const open: Redis[] = []
let server: RedisServer

beforeAll(async () => {
  server = await startRedis({ args: ['--busy-reply-threshold', '1', '--min-replicas-to-write', '0'] })
})
afterAll(async () => {
  for (const client of open) client.disconnect()
  await server.stop()
})

async function connected(): Promise<Redis> {
  const client = new Redis(commandOptions({ url: server.url }))
  client.on('error', () => {})
  open.push(client)
  await new Promise((resolve) => client.once('ready', resolve))
  return client
}

/** What it fails with; a failure of the test if it does not fail. */
async function failure(work: Promise<unknown>): Promise<Error> {
  const outcome = await work.then(
    (value) => new Error(`no failure but ${String(value)}`),
    (error: unknown) => error,
  )
  if (outcome instanceof Error && !outcome.message.startsWith('no failure')) return outcome
  throw outcome
}

describe('isStoreAway knows', () => {
  it('what comes before the connection is up', async () => {
    const client = new Redis(commandOptions({ url: server.url }))
    open.push(client)
    expect(isStoreAway(await failure(client.ping()))).toBe(true)
  })

  it('a closed client', async () => {
    const client = await connected()
    await client.quit()
    await new Promise((resolve) => client.once('end', resolve))
    expect(isStoreAway(await failure(client.ping()))).toBe(true)
  })

  it('a Redis that is silent, and one that dies with commands inside', async () => {
    const client = await connected()
    await server.kill('SIGSTOP')
    const timedOut = await failure(client.incr('a'))
    expect([timedOut.message, isStoreAway(timedOut)]).toEqual(['Command timed out', true])
    const pipeline = client.pipeline().incr('a').incr('b').exec()
    const inside = failure(client.incr('a'))
    await server.restart()
    expect(isStoreAway(await inside)).toBe(true)
    for (const [error] of (await pipeline.catch((error: unknown) => [[error]])) ?? [])
      expect(isStoreAway(error)).toBe(true)
  })

  it('nobody at the address, nobody at the unix socket', async () => {
    for (const place of [{ port: 1, host: '127.0.0.1' }, { path: '/nowhere/redis.sock' }]) {
      const client = new Redis({ ...place, lazyConnect: true, retryStrategy: () => null })
      const error = new Promise((resolve) => client.once('error', resolve))
      expect(isStoreAway(await failure(client.connect()))).toBe(true)
      expect(isStoreAway(await error)).toBe(true)
    }
  })

  it('every address of a name refused', async () => {
    const error = new Promise((resolve) => createConnection({ host: 'localhost', port: 1 }).once('error', resolve))
    expect(isStoreAway(await error)).toBe(true)
    const refused = Object.assign(new Error('connect ECONNREFUSED ::1:1'), { code: 'ECONNREFUSED' })
    expect(isStoreAway(new AggregateError([refused], ''))).toBe(true)
  })

  it('a replica that refuses writes, and leaves it for what the address means now', async () => {
    const client = await connected()
    const admin = await connected()
    await admin.replicaof('127.0.0.1', '1')
    const again = new Promise((resolve) => client.once('ready', resolve))
    const refused = await failure(client.set('a', '1'))
    expect(refused.message).toMatch(/^READONLY /)
    expect(isStoreAway(refused)).toBe(true)
    await again
    // Still a replica, and no second knock within the second.
    const closed = new Promise((resolve) => client.once('close', () => resolve('closed')))
    expect(isStoreAway(await failure(client.set('a', '1')))).toBe(true)
    expect(await Promise.race([closed, client.ping()])).toBe('PONG')
    await admin.replicaof('NO', 'ONE')
    expect(await client.set('a', '1')).toBe('OK')
  })

  it('a Redis that hangs in a script, or lacks its replicas', async () => {
    const client = await connected()
    const other = await connected()
    const looping = failure(other.eval('while true do end', 0))
    let busy: Error | undefined
    // The first commands may still come before the loop, or within its first millisecond.
    while (!busy)
      busy = await client.get('a').then(
        () => undefined,
        (error: Error) => error,
      )
    expect(busy.message).toMatch(/^BUSY /)
    expect(isStoreAway(busy)).toBe(true)
    await client.call('script', 'kill')
    await looping
    await client.config('SET', 'min-replicas-to-write', '1')
    const lacking = await failure(client.set('a', '1'))
    expect(lacking.message).toMatch(/^NOREPLICAS /)
    expect(isStoreAway(lacking)).toBe(true)
    await client.config('SET', 'min-replicas-to-write', '0')
  })

  it.each([
    new StoreAway('ours'),
    new Error('wrapped', { cause: new StoreAway('ours') }),
    new Error('LOADING Redis is loading the dataset in memory'),
    new Error('MASTERDOWN Link with MASTER is down'),
    new Error('CLUSTERDOWN The cluster is down'),
    Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }),
  ])('%s', (error) => {
    expect(isStoreAway(error)).toBe(true)
  })
})

describe('isStoreAway is not taken in by', () => {
  it('errors of Redis that are errors of the code', async () => {
    const client = await connected()
    await client.set('text', 'x')
    expect(isStoreAway(await failure(client.incr('text')))).toBe(false)
    expect(isStoreAway(await failure(client.sadd('text', 'x')))).toBe(false)
    expect(isStoreAway(await failure(client.eval('error(', 0)))).toBe(false)
    expect(isStoreAway(await failure(client.xgroup('CREATE', 'text', 'g', '$')))).toBe(false)
  })

  it('a file that is missing, and anything else', () => {
    let missing: unknown
    try {
      readFileSync('/nowhere/file')
    } catch (error) {
      missing = error
    }
    expect(missing).toBeInstanceOf(Error)
    const circle = new Error('circle')
    circle.cause = circle
    for (const one of [
      missing,
      circle,
      new Error('Connection is closed. Not.'),
      new TypeError('x'),
      'Command timed out',
      null,
      undefined,
      {},
    ])
      expect(isStoreAway(one)).toBe(false)
    expect(isStoreAway(new Error('BUSYGROUP Consumer Group name already exists'))).toBe(false)
  })
})
