import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, phone, wall } from '../../support/client'
import { MODES } from '../../support/modes'
import { type RedisServer, startRedis } from '../../support/redis'
import { does, fdOf, startLife } from './life'

describe.each(MODES)('a stop, %s mode', (mode) => {
  let redis: RedisServer
  let store: Redis
  beforeAll(async () => {
    redis = await startRedis()
    store = new Redis(redis.url)
  })
  afterAll(async () => {
    store.disconnect()
    await redis.stop()
  })

  test('closes every connection with 1001, tells every controller, and leaves nothing on record', async () => {
    const server = await startLife(mode, { REDIS_URL: redis.url })
    const clients = [await Client.connect(server.url(), wall('1'))]
    for (let n = 0; n < 20; n++) clients.push(await Client.connect(server.url(), phone(`${n % 5}`)))
    const fds = await Promise.all(clients.map(fdOf))
    for (const [index, client] of clients.entries()) {
      const fd = fds[index] ?? 0
      await does(client, 'fdJoin', fd, 'LIFE_ROOM')
      await does(client, 'fdAddController', fd, 'Closing.Throws')
      await does(client, 'fdAddController', fd, 'Closing.Records')
    }
    expect(await store.scard('LIFE_ROOM')).toBe(21)

    expect(await server.stop()).toEqual({ code: 0, signal: null })
    for (const client of clients) expect(await client.closed).toEqual({ code: 1001, reason: 'server stops' })
    const told = server.log.all.filter(({ msg }) => msg === 'Records was told')
    expect(told.map(({ fd }) => Number(fd)).sort((a, b) => a - b)).toEqual(fds)
    for (const line of told) expect(line).toMatchObject({ told: { closeCode: 1001 }, stillMember: true })
    // What stays is the counter and, for a time, the tombstone that keeps the instance from being anybody's again.
    expect((await store.keys('*')).sort()).toEqual([
      'WEBSOCKET_INSTANCES',
      expect.stringMatching(/^WEBSOCKET_INSTANCE_\d+_LEASE$/),
    ])
  })
})
