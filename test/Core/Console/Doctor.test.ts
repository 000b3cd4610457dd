import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { pidsOf, run, runConsole, ServerProgram, temporary } from '../../support/program'
import { type RedisServer, startRedis } from '../../support/redis'
import { PATH_WITHOUT_REDIS } from '../../support/server'
import { fdOf } from '../Broker/support'

const AN_INSTANCE = 2 ** 32

let server: RedisServer
let redis: Redis
beforeAll(async () => {
  server = await startRedis()
  redis = new Redis(server.url)
})
afterEach(() => redis.flushall())
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

interface Finding {
  readonly check: string
  readonly state: string
  readonly text: string
}

/** The doctor's word on the server of a Runtime folder. */
async function doctor(runtime: string, args: readonly string[] = [], env: Record<string, string> = {}) {
  const all = { APP_RUNTIME: runtime, REDIS_URL: server.url, ...env }
  const { code, stdout, stderr } = await runConsole(['doctor', '--json', ...args], {
    cwd: 'test/fixtures/broker',
    env: all,
  })
  expect(stderr).toBe('')
  const findings: Finding[] = JSON.parse(stdout)
  const of = (check: string) => findings.filter((finding) => finding.check === check)
  return { code, findings, of, bad: findings.filter(({ state }) => state === 'bad') }
}

const start = (env: Record<string, string> = {}) =>
  ServerProgram.start({ fixture: 'broker', env: { REDIS_URL: server.url, APP_WORKERS: '1', ...env } })

/** Everything that stands in Redis, but what a living gateway renews. */
async function contents(): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {}
  for (const key of (await redis.keys('*')).sort()) {
    const type = await redis.type(key)
    if (type === 'hash') found[key] = await redis.hgetall(key)
    if (type === 'set') found[key] = (await redis.smembers(key)).sort()
    if (type === 'zset') found[key] = await redis.zrange(key, 0, '-1')
  }
  return found
}

/** A connection that nobody holds, in every place where one can stand. */
async function haunt(fd: number, user: string, group: string): Promise<void> {
  await redis.hset('WEBSOCKET_FDINFO', String(fd), `{"id":"${user}","type":"wechatUser"}`)
  await redis.hset('WEBSOCKET_UIDTOFD', user, fd)
  await redis.zadd(`WEBSOCKET_USERFDS_wechatUser:${user}`, 1, fd)
  await redis.sadd(`WEBSOCKET_FdCloseSetKey_${fd}`, group)
  await redis.sadd(`WEBSOCKET_FdController_${fd}`, 'Bus.Kit')
  await redis.sadd(group, fd)
}

describe('with the server running', () => {
  test('all is well; then ghosts are named with their groups, and --fix removes them and nothing else', async () => {
    const program = await start({ APP_GATEWAYS: '2' })
    const client = await Client.connect(program.url(), phone('7'))
    const fd = await fdOf(client)
    await redis.hset('WEBSOCKET_FDINFO', '5', 'a:1:{}') // of an MSwoole that runs beside
    await client.call('bus.kit.do', { verb: 'fdJoin', args: [fd, 'HOUSE'] })
    const before = await contents()
    const healthy = await doctor(program.runtime)
    expect(healthy).toMatchObject({ code: 0, bad: [] })
    expect(healthy.of('gateway')).toHaveLength(2)
    expect(healthy.of('record')).toEqual([{ check: 'record', state: 'good', text: 'no ghosts; living gateways: 2' }])

    const dead = 900 * AN_INSTANCE + 1
    const lost = fd + 1000 // of a gateway that lives, and not on its record
    const stranger = fd + 2000 // on its record, and not in its hands
    await haunt(dead, '7', 'HOUSE') // in the place of a living one
    await haunt(lost, '8', 'HOUSE')
    await haunt(stranger, '9', 'CELLAR')
    await redis.sadd('RAW_SET', dead)
    await redis.sadd(`WEBSOCKET_INSTANCE_${Math.floor(fd / AN_INSTANCE)}_FDS`, stranger)
    const haunted = await contents()

    const ill = await doctor(program.runtime)
    expect(ill.code).toBe(1)
    const texts = ill.bad.map(({ text }) => text).join('\n')
    expect(texts).toMatch(new RegExp(`fd ${dead} is nobody, and stands in .*HOUSE.*RAW_SET`))
    expect(texts).toMatch(new RegExp(`fd ${lost} is nobody, and stands in .*HOUSE`))
    expect(texts).toMatch(new RegExp(`does not hold 1 of its record: fd ${stranger}`))
    expect(texts).not.toContain(`fd ${fd} `)
    expect(await contents()).toEqual(haunted)

    expect(await doctor(program.runtime, ['--fix'])).toMatchObject({ code: 0, bad: [] })
    expect(await contents()).toEqual(before)
    expect(await doctor(program.runtime)).toMatchObject({ code: 0, bad: [] })
    await client.close()
    program.signal('SIGTERM')
    await program.ended
  })

  test('a group that is filled by hand as well is named; one that is declared raw is not', async () => {
    const program = await start()
    const [one, other] = [await Client.connect(program.url()), await Client.connect(program.url(), phone('2'))]
    const fds = [await fdOf(one), await fdOf(other)]
    for (const group of ['MIXED', 'RAW_MIXED']) {
      await one.call('bus.kit.do', { verb: 'fdJoin', args: [fds[0], group] })
      await redis.sadd(group, fds[1] ?? 0)
    }
    const { code, of } = await doctor(program.runtime)
    expect(code).toBe(0)
    expect(of('groups').map(({ text }) => text)).toEqual([expect.stringMatching(/^MIXED is filled by hand/)])
    program.signal('SIGTERM') // what it cleans up must not come into the next test
    await program.ended
  })

  test.each([[{}], [{ PATH: PATH_WITHOUT_REDIS }]])('the embedded store is looked at, too, %j', async (env) => {
    const program = await start({ REDIS_URL: '', ...env })
    const client = await Client.connect(program.url())
    expect(await doctor(program.runtime, [], { REDIS_URL: '' })).toMatchObject({ code: 0, bad: [] })
    await client.close()
    program.signal('SIGTERM')
    await program.ended
    expect(await doctor(program.runtime, [], { REDIS_URL: '' })).toMatchObject({ code: 0, bad: [] })
  })
})

test('with everything killed, what is left is named, and --fix leaves nothing of it', async () => {
  const program = await start()
  const client = await Client.connect(program.url(), phone('7'))
  const fd = await fdOf(client)
  await client.call('bus.kit.do', { verb: 'fdJoin', args: [fd, 'HOUSE'] })
  for (const pid of pidsOf(program.runtime, 'main.js')) process.kill(pid, 'SIGSTOP') // so that none cleans up after another
  for (const pid of [program.pid, ...pidsOf(program.runtime, 'main.js')]) process.kill(pid, 'SIGKILL')
  await program.ended
  await redis.del(...(await redis.keys('*_LEASE'))) // as it is six seconds later
  const { code, bad } = await doctor(program.runtime)
  expect(code).toBe(1)
  expect(bad.map(({ text }) => text)).toContainEqual(expect.stringMatching(new RegExp(`^fd ${fd} is nobody.*HOUSE`)))
  expect(await doctor(program.runtime, ['--fix'])).toMatchObject({ code: 0 })
  expect(await redis.keys('*')).toEqual(['WEBSOCKET_INSTANCES'])
})

test('a prefix is the border of what it looks at', async () => {
  const own = new Redis(server.url, { keyPrefix: 'p:' })
  const ghost = 900 * AN_INSTANCE + 1
  await haunt(ghost, '7', 'HOUSE')
  const elsewhere = await contents()
  await own.hset('WEBSOCKET_FDINFO', String(ghost), '{}')
  await own.sadd(`WEBSOCKET_FdCloseSetKey_${ghost}`, 'HOUSE')
  await own.sadd('HOUSE', ghost, 'no fd')
  const env = { APP_RUNTIME: temporary(), TEST_CACHE: JSON.stringify({ url: server.url, prefix: 'p:' }) }
  const { code, stdout } = await runConsole(['doctor', '--fix'], { cwd: 'test/fixtures/outage', env })
  expect(code).toBe(0)
  expect(stdout).toMatch(new RegExp(`^good +ghost +fd ${ghost} is nobody, and stands in .*HOUSE.*; removed$`, 'm'))
  expect(await contents()).toEqual({ ...elsewhere, 'p:HOUSE': ['no fd'] })
  own.disconnect()
})

describe('settings', () => {
  const runtime = temporary()

  test('a Redis that throws keys out, and one that is not there', async () => {
    const small = await startRedis({ args: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'] })
    const { code, of } = await doctor(runtime, [], { REDIS_URL: small.url })
    expect(code).toBe(1)
    expect(of('memory')).toMatchObject([{ state: 'bad', text: expect.stringContaining('allkeys-lru') }])
    expect([...of('clock'), ...of('version')].map(({ state }) => state)).toEqual(['good', 'good'])
    await small.stop()
    const away = await doctor(runtime, [], { REDIS_URL: small.url })
    expect(away.code).toBe(1)
    expect(away.of('redis')).toMatchObject([{ state: 'bad', text: expect.stringContaining('does not answer') }])
  })

  test('a key that can be guessed; the sample key is worth a note', async () => {
    const short = await doctor(runtime, [], { APP_AUTH_KEY: 'a-long-key-of-ours-1,short' })
    expect(short).toMatchObject({ code: 1 })
    expect(short.of('key')).toMatchObject([{ state: 'bad', text: expect.stringContaining('shorter than 16 bytes') }])
    expect(JSON.stringify(short.findings)).not.toContain('a-long-key')
    expect((await doctor(runtime, [], { APP_AUTH_KEY: 'a-long-key-of-ours-1' })).of('key')).toMatchObject([
      { state: 'good' },
    ])
    expect((await doctor(runtime)).of('key')).toMatchObject([{ state: 'note' }])
  })

  test('few files', async () => {
    const command = `ulimit -n 1000 && exec ${process.execPath} ${process.cwd()}/dist/Public/console.js doctor`
    const { code, stdout } = await run('sh', ['-c', command], { env: { APP_RUNTIME: runtime } })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^bad +files +a server started here may open 1000 files/m)
  })
})
