import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { startRedis } from '../support/redis'
import { commandTimes, timeBetween } from './redis'

test('what a Redis has worked is told by command', async () => {
  const redis = await startRedis()
  const client = new Redis(redis.url)
  try {
    const before = await commandTimes(redis.url)
    await client.sadd(
      'set',
      Array.from({ length: 10_000 }, (_, member) => member),
    )
    const after = await commandTimes(redis.url)
    expect(before.has('sadd')).toBe(false)
    expect(after.get('sadd')).toBeGreaterThan(0)
    expect(timeBetween(before, after, (name) => name === 'sadd')).toBe(after.get('sadd'))
    expect(timeBetween(before, after, () => false)).toBe(0)
  } finally {
    client.disconnect()
    await redis.stop()
  }
})
