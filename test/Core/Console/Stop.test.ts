import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { Program, pidsOf, ServerProgram, type ServerProgramOptions, temporary } from '../../support/program'
import { type RedisServer, startRedis } from '../../support/redis'
import { PATH_WITHOUT_REDIS } from '../../support/server'

let server: RedisServer
let redis: Redis
beforeAll(async () => {
  server = await startRedis()
  redis = new Redis(server.url)
})
beforeEach(() => redis.flushall())
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

/** What the user's hooks did, in order. */
const notes = () => redis.lrange('OPS_NOTES', 0, -1)

/** Keys of the server that stand in Redis, but the counter of its starts, and the tombstones that say that these have ended. */
async function record(): Promise<string[]> {
  const keys = await redis.keys('*')
  const values = await Promise.all(keys.map((key) => redis.get(key).catch(() => undefined)))
  return keys.filter((key, at) => !['OPS_NOTES', 'WEBSOCKET_INSTANCES'].includes(key) && values[at] !== 'dead')
}

function start(mode: string, env: Record<string, string> = {}, options: ServerProgramOptions = {}) {
  return ServerProgram.start({
    fixture: 'ops',
    env: { APP_MODE: mode, APP_WORKERS: '1', REDIS_URL: server.url, ...env },
    ...options,
  })
}

const config = (setting: object) => ({ TEST_CONFIG: JSON.stringify({ setting }) })

/** Somebody in the room, who asked for onClose. */
async function joined(program: ServerProgram): Promise<Client> {
  const client = await Client.connect(program.url())
  expect(await client.call('ops.room.join')).toMatchObject({ event: 'joined' })
  return client
}

async function expectClean(program: ServerProgram, clients: Client[]): Promise<void> {
  for (const client of clients) expect(await client.closed).toEqual({ code: 1001, reason: 'server stops' })
  expect(await program.ended).toEqual({ code: 0, signal: null })
  expect(await record()).toEqual([])
  expect(program.processes()).toEqual([])
  expect(program.leftOver()).toEqual([])
}

describe.each(['process', 'base'])('in %s mode', (mode) => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s: clients see 1001, the hooks run, nothing is left', async (signal) => {
    const program = await start(mode)
    const clients = [await joined(program), await Client.connect(program.url(), phone('2'))]
    expect((await record()).sort()).toContain('OPS_ROOM')
    program.signal(signal)
    await expectClean(program, clients)
    expect(await notes()).toEqual(['shutdown', 'closed 1001'])
  })

  test('Ctrl-C, which the whole group gets, is the same', async () => {
    const program = await start(mode, {}, { ownGroup: true })
    const clients = [await joined(program)]
    program.signal('SIGINT', 'group')
    await expectClean(program, clients)
    expect(await notes()).toEqual(['shutdown', 'closed 1001'])
  })

  test('the same signal again at once, as npm passes it on, is no second one', async () => {
    const program = await start(mode, { TEST_ON_CLOSE: 'slow' })
    const clients = [await joined(program)]
    program.signal('SIGINT')
    await program.logs('stopping')
    program.signal('SIGINT')
    await expectClean(program, clients)
    expect(await notes()).toEqual(['shutdown', 'closed 1001'])
  })

  test('asked a second time it ends at once', async () => {
    const program = await start(mode, { TEST_ON_CLOSE: 'hang', ...config({ max_wait_time: 60 }) })
    const client = await joined(program)
    program.signal('SIGTERM')
    await client.closed
    // The hook has 5 s, and then the stop ends with 0. Signals within half a second of the first one are the same one again.
    await eventually(() => {
      program.signal('SIGTERM')
      expect(program.output).toContain('asked to stop a second time')
    })
    expect(await program.ended).toEqual({ code: 1, signal: null })
    expect(program.processes()).toEqual([])
    expect(program.leftOver()).toEqual([])
  })

  test('a handler that never ends does not hold the stop', async () => {
    const program = await start(mode, config({ controller_timeout: 60 }))
    const clients = [await Client.connect(program.url(), phone('2')), await joined(program)]
    clients[0]?.send({ method: 'ops.room.wait' })
    await clients[0]?.next('waiting')
    program.signal('SIGTERM')
    await expectClean(program, clients)
    expect(await notes()).toEqual(['shutdown', 'closed 1001'])
  })

  test('an onClose that never ends holds it no longer than max_wait_time and a grace of 2 s', async () => {
    const program = await start(mode, { TEST_ON_CLOSE: 'hang', ...config({ max_wait_time: 1 }) })
    const client = await joined(program)
    const began = performance.now()
    program.signal('SIGTERM')
    expect(await client.closed).toMatchObject({ code: 1001 })
    expect(await program.ended).toEqual({ code: 1, signal: null })
    // 1, because it was killed then: a hook that was given up after its 5 s would have let it end with 0.
    expect(performance.now() - began).toBeLessThan(15_000)
    expect(program.processes()).toEqual([])
  })

  test('an onShutdown that never ends keeps no client from its 1001 and its onClose', async () => {
    const program = await start(mode, { TEST_ON_SHUTDOWN: 'hang', ...config({ max_wait_time: 1 }) })
    const client = await joined(program)
    program.signal('SIGTERM')
    expect(await client.closed).toEqual({ code: 1001, reason: 'server stops' })
    await program.ended
    expect(await notes()).toEqual(['closed 1001'])
    expect(await record()).toEqual([])
    expect(program.processes()).toEqual([])
  })

  test('SIGKILL of the supervisor: the processes and the private store end by themselves, and it starts again', async () => {
    const program = await start(mode, { REDIS_URL: '' })
    const client = await joined(program)
    expect(pidsOf(program.runtime, 'redis-server')).toHaveLength(1)
    program.signal('SIGKILL')
    expect(await client.closed).toEqual({ code: 1001, reason: 'server stops' })
    await eventually(() => expect(program.processes()).toEqual([]), 60_000)
    const again = await start(mode, { REDIS_URL: '' }, { runtime: program.runtime })
    const back = await joined(again)
    again.signal('SIGTERM')
    expect(await back.closed).toMatchObject({ code: 1001 })
    expect(await again.ended).toMatchObject({ code: 0 })
    expect(again.leftOver()).toEqual([])
  })

  test('SIGKILL of the supervisor with the store in memory, which dies with it', async () => {
    const program = await start(mode, { REDIS_URL: '', PATH: PATH_WITHOUT_REDIS })
    const client = await joined(program)
    program.signal('SIGKILL')
    expect(await client.closed).toMatchObject({ code: 1001 })
    await eventually(() => expect(program.processes()).toEqual([]), 60_000)
  })

  test('SIGKILL of the process with the sockets: it is started again on the same port, and serves', async () => {
    const program = await start(mode)
    const client = await joined(program)
    const entry = mode === 'base' ? 'Base/main.js' : 'Gateway/main.js'
    for (const pid of pidsOf(program.runtime, entry)) process.kill(pid, 'SIGKILL')
    expect(await client.closed).toMatchObject({ code: 1006 })
    const died = await program.logs(mode === 'base' ? 'the process' : 'a gateway')
    expect(died).toMatchObject({ level: 'fatal', msg: expect.stringContaining('was ended by SIGKILL') })
    await program.logs(mode === 'base' ? 'started again' : 'a new gateway serves')
    const back = await joined(program)
    program.signal('SIGTERM')
    expect(await back.closed).toMatchObject({ code: 1001 })
    expect(await program.ended).toMatchObject({ code: 0 })
    expect(program.processes()).toEqual([])
  })

  test('a stop while it still waits for its Redis ends it at once, in good order', async () => {
    const program = new ServerProgram({ fixture: 'ops', env: { APP_MODE: mode, REDIS_URL: 'redis://127.0.0.1:1' } })
    await program.logs('Redis is away')
    program.signal('SIGTERM')
    expect(await program.ended).toEqual({ code: 0, signal: null })
    expect(program.stderr).toEqual([])
    expect(program.processes()).toEqual([])
    expect(program.leftOver()).toEqual([])
  })
})

test('in process mode a worker that loops for ever keeps nobody from a stop in good order', async () => {
  // It has 2 s to show a sign of life, and the hooks of the close 5 s to find another worker.
  const program = await start('process', config({ max_wait_time: 30, controller_timeout: 60 }))
  const [looping, other] = [await Client.connect(program.url(), phone('2')), await joined(program)]
  looping.send({ method: 'ops.room.loop' })
  await program.logs('looping')
  program.signal('SIGTERM')
  expect(await other.closed).toEqual({ code: 1001, reason: 'server stops' })
  expect(await looping.closed).toEqual({ code: 1001, reason: 'server stops' })
  expect(await program.ended).toEqual({ code: 1, signal: null })
  expect(await record()).toEqual([])
  expect(program.processes()).toEqual([])
})

test('in base mode a loop is ended by the deadline of the stop', async () => {
  const program = await start('base', config({ max_wait_time: 1, controller_timeout: 60 }))
  const client = await Client.connect(program.url())
  client.send({ method: 'ops.room.loop' })
  await program.logs('looping')
  program.signal('SIGTERM')
  expect(await client.closed).toMatchObject({ code: 1006 })
  expect(await program.ended).toEqual({ code: 1, signal: null })
  expect(program.processes()).toEqual([])
})

test('npm start: Ctrl-C reaches the server in good order through npm and sh', async () => {
  // Without the build that comes before it, which other tests would trip over.
  const npm = new Program('npm', ['start', '--ignore-scripts'], {
    env: { REDIS_URL: server.url, APP_OUTSIDE_PORT: '0', APP_RUNTIME: temporary() },
    ownGroup: true,
  })
  const [, url = ''] = (await npm.says('  main ')).trim().split(/ +/)
  const client = await Client.connect(url)
  await client.call('live.user.join')
  npm.signal('SIGINT', 'group')
  expect(await client.closed).toEqual({ code: 1001, reason: 'server stops' })
  await npm.ended
  await eventually(async () => expect(await record()).toEqual([]))
  expect(npm.output).not.toContain('second time')
})
