import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Bus } from '../../../Core/Gateway/Bus'
import { Cache } from '../../../Library/Cache/Cache'
import { type RedisServer, startRedis } from '../../support/redis'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
  Cache.configure({ master: { url: redis.url } })
  await Cache.ready('master', 20_000)
})
afterAll(async () => {
  await Cache.close()
  await redis.stop()
})

test('a subscription that Redis confirmed while the gateway stood still is one', async () => {
  const subscriber = Cache.subscriber('master')
  const bus = new Bus(Cache.get('master'), subscriber)
  await vi.waitFor(() => bus.listen('first'), 20_000) // it may take longer to connect than a subscription may take
  const listening = bus.listen('second').then(
    () => 'heard',
    (error: unknown) => String(error),
  )
  await turn() // it has been asked
  const end = performance.now() + 1200
  while (performance.now() < end); // the machine stands still
  expect(await listening).toBe('heard')
  bus.close()
})
