import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client } from '../../support/client'
import { eventually } from '../../support/eventually'
import { MODES } from '../../support/modes'
import { type RedisServer, startRedis } from '../../support/redis'
import { Server } from '../../support/server'
import { gatewaysOf } from '../Crew/crew'
import { get, Scrape } from './scrape'

const ready = async (server: Pick<Server, 'runtime'>) => {
  const response = await get(server, {}, '/readyz')
  return `${response.status} ${(await response.text()).trim()}`
}

const becomes = (server: Pick<Server, 'runtime'>, state: string) =>
  eventually(async () => expect(await ready(server)).toBe(state), 60_000)

describe.each(MODES)('readiness, %s mode', (mode) => {
  let redis: RedisServer
  let server: Server
  beforeAll(async () => {
    redis = await startRedis()
    server = await Server.start({ fixture: 'metrics', env: { APP_MODE: mode, REDIS_URL: redis.url } })
  })
  afterAll(async () => {
    await server.stop()
    await redis.stop()
  })

  test('goes while Redis stands still, and comes back with it', async () => {
    expect(await ready(server)).toBe('200 ready')
    const before = (await Scrape.of(server)).sum('mswoole_redis_errors_total')
    await redis.kill('SIGSTOP')
    await becomes(server, '503 Redis is away')
    const scrape = await Scrape.of(server)
    expect(scrape.sum('mswoole_redis_up')).toBe(0)
    expect(scrape.sum('mswoole_ready')).toBe(0)
    expect(scrape.sum('mswoole_redis_errors_total')).toBeGreaterThan(before)
    await redis.kill('SIGCONT')
    await becomes(server, '200 ready')
    expect((await Scrape.of(server)).sum('mswoole_redis_up')).toBe(1)
  })

  test('goes while Redis is dead, and comes back with another one', async () => {
    await redis.kill('SIGKILL')
    await becomes(server, '503 Redis is away')
    expect((await get(server, {}, '/healthz')).status).toBe(200)
    await redis.restart()
    await becomes(server, '200 ready')
    await eventually(async () => {
      const latency = (await Scrape.of(server)).sum('mswoole_redis_latency_seconds')
      expect(latency).toBeGreaterThan(0)
      expect(latency).toBeLessThan(1)
    })
  })
})

test('a server that waits for Redis is starting', async () => {
  const redis = await startRedis()
  await redis.kill('SIGKILL')
  const runtime = mkdtempSync(join(tmpdir(), 'mswoole-test-'))
  const starting = Server.start({ fixture: 'metrics', env: { REDIS_URL: redis.url, APP_RUNTIME: runtime } })
  await becomes({ runtime }, '503 starting')
  await redis.restart()
  await (await starting).stop()
  rmSync(runtime, { recursive: true })
  await redis.stop()
})

test('a server that stops says so', async () => {
  const server = await Server.start({ fixture: 'metrics', env: { TEST_TIMEOUT: '60' } })
  const client = await Client.connect(server.url())
  client.send({ method: 'count.kit.slow', ms: 60_000 }) // it waits for this as long as it may
  await client.next('receiveMessage')
  server.process.kill('SIGTERM')
  await becomes(server, '503 stopping')
  await server.stop()
})

test('a server without a gateway is not ready until there is one again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mswoole-test-'))
  const [barrier, hook] = [join(folder, 'barrier'), join(folder, 'hook.cjs')]
  writeFileSync(
    hook,
    `while (String(process.argv[1]).endsWith('Gateway/main.js') && require('node:fs').existsSync(${JSON.stringify(barrier)}))
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)`,
  )
  const env = { APP_MODE: 'process', NODE_OPTIONS: `--require ${hook}` }
  const server = await Server.start({ fixture: 'metrics', env })
  writeFileSync(barrier, '') // no other gateway starts until somebody has seen that there is none
  const [gateway = 0] = gatewaysOf(server)
  process.kill(gateway, 'SIGKILL')
  await becomes(server, '503 no gateway runs')
  rmSync(barrier)
  await becomes(server, '200 ready')
  await server.stop()
  rmSync(folder, { recursive: true })
})
