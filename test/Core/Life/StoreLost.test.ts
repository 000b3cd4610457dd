import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, phone, wall } from '../../support/client'
import { eventually } from '../../support/eventually'
import { MODES } from '../../support/modes'
import { type RedisServer, startRedis } from '../../support/redis'
import type { Server } from '../../support/server'
import { does, fdOf, startLife } from './life'

// In this order: Redis is killed in the first test, and comes back empty in the second.
describe.each(MODES)('a Redis that is killed and comes back empty, %s mode', (mode) => {
  let redis: RedisServer
  let server: Server
  let store: Redis
  /** Fifteen connections of one user: enough that their fds do not sort alike as numbers and as texts. */
  let many: Client[]
  let fds: number[]
  let screen: Client
  let late: Client
  beforeAll(async () => {
    redis = await startRedis()
    server = await startLife(mode, { REDIS_URL: redis.url })
    store = new Redis(redis.url)
    store.on('error', () => {}) // it is killed
    many = []
    for (let n = 0; n < 15; n++) many.push(await Client.connect(server.url()))
    fds = await Promise.all(many.map(fdOf))
    screen = await Client.connect(server.url(), wall('9'))
    const screenFd = await fdOf(screen)
    await does(screen, 'fdJoin', screenFd, 'LIFE_ROOM')
    await does(screen, 'fdAddCloseKey', screenFd, 'HAND_FILLED')
    await does(screen, 'fdAddController', screenFd, 'Closing.Records')
    await does(screen, 'fdAddController', screenFd, 'Closing.Throws')
    await does(screen, 'fdRemoveController', screenFd, 'Closing.Throws')
    await does(screen, 'fdJoin', screenFd, 'LEFT_ROOM')
    await does(screen, 'fdLeave', screenFd, 'LEFT_ROOM')
  })
  afterAll(async () => {
    await server.stop()
    store.disconnect()
    await redis.stop()
  })

  test('without Redis connections stay, are accepted, and are answered', async () => {
    await redis.kill('SIGKILL')
    await eventually(async () => {
      const { status } = await screen.call('life.kit.do', { verb: 'redis' })
      expect(status).toBe(503)
    })
    late = await Client.connect(server.url(), phone('late'))
    expect(await late.call('life.turns.sync', { n: 1 })).toMatchObject({ status: 200 })
    // Who else is in the group nobody can tell without Redis: the call that sends to it is named in a 503.
    await does(screen, 'sendMessage', 'LIFE_ROOM', 'nobody hears this')
    await screen.next(({ event, param }) => event === 'serviceUnavailable' && Object(param).count === 1)
    const leaver = many.pop()
    fds.pop()
    await leaver?.close()
    for (const client of [...many, screen]) client.send('2')
    for (const client of [...many, screen]) await eventually(() => expect(client.texts).toContain('3'))
  })

  test('the record is written again', async () => {
    await redis.restart()
    const [screenFd, lateFd] = [await fdOf(screen), await fdOf(late)]
    await eventually(async () => {
      const info = await store.hgetall('WEBSOCKET_FDINFO')
      expect(Object.keys(info).map(Number).sort()).toEqual([...fds, screenFd, lateFd].sort())
      expect(JSON.parse(info[screenFd] ?? '')).toEqual({ id: '9', type: 'wall', code: 'A', nickname: 'w9' })
      expect(await store.hgetall('WEBSOCKET_UIDTOFD')).toEqual({ 1: `${fds.at(-1)}`, late: `${lateFd}` })
      expect(await store.smembers('LIFE_ROOM')).toEqual([`${screenFd}`])
      expect(await store.exists('LEFT_ROOM')).toBe(0)
      expect(await store.smembers(`WEBSOCKET_FdController_${screenFd}`)).toEqual(['Closing.Records'])
      const closeKeys = await store.smembers(`WEBSOCKET_FdCloseSetKey_${screenFd}`)
      expect(closeKeys.sort()).toEqual(['HAND_FILLED', 'LIFE_ROOM'])
    })
    // The next gateway must not take a number that is in use.
    expect(await store.get('WEBSOCKET_INSTANCES')).toBe('1')
    expect(await store.scard('WEBSOCKET_INSTANCE_1_FDS')).toBe(fds.length + 2)
  })

  test('and the order of a user’s connections with it', async () => {
    await eventually(async () => expect(await does(screen, 'userFds', '1')).toEqual(fds))
    const newest = many.pop()
    fds.pop()
    await newest?.close()
    await eventually(async () => expect(await store.hget('WEBSOCKET_UIDTOFD', '1')).toBe(`${fds.at(-1)}`))
  })

  test('a close is cleaned and told as ever', async () => {
    const screenFd = await fdOf(screen)
    await screen.close()
    await server.logged(({ msg, fd }) => msg === 'Records was told' && fd === screenFd)
    await eventually(async () => {
      expect(await store.exists('LIFE_ROOM', `WEBSOCKET_FdCloseSetKey_${screenFd}`)).toBe(0)
      expect(await store.hexists('WEBSOCKET_FDINFO', `${screenFd}`)).toBe(0)
    })
  })
})
