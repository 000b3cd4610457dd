import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, phone, wall } from '../../support/client'
import { eventually } from '../../support/eventually'
import { MODES } from '../../support/modes'
import type { Server } from '../../support/server'
import { does, fdOf, offRecord, startLife } from './life'

describe.each(MODES)('who is connected, %s mode', (mode) => {
  let server: Server
  let store: Redis
  let other: Client
  beforeAll(async () => {
    server = await startLife(mode)
    store = server.store()
    other = await Client.connect(server.url(), phone('other'))
  })
  afterAll(async () => {
    await other.close()
    store.disconnect()
    await server.stop()
  })

  test('stands in Redis for PHP to read, and no longer when it has gone', async () => {
    const user = { id: 'u1', type: 'wechatUser', code: 'A', nickname: '小明 <b>', extra: { deep: ['<i>'] } }
    const client = await Client.connect(server.url(), user)
    const fd = await fdOf(client)
    expect(JSON.parse((await store.hget('WEBSOCKET_FDINFO', `${fd}`)) ?? '')).toEqual(user)
    expect(await store.hget('WEBSOCKET_UIDTOFD', 'u1')).toBe(`${fd}`)
    expect(await store.sismember('WEBSOCKET_INSTANCE_0_FDS', fd)).toBe(1)
    const clean = { ...user, nickname: '小明 &lt;b&gt;', extra: { deep: ['&lt;i&gt;'] } }
    expect(await does(other, 'user', fd)).toEqual(clean)
    await client.close()
    await offRecord(store, [fd])
    expect(await does(other, 'user', fd)).toBeUndefined()
  })

  test('UIDTOFD is the newest connection of a user, and the one before it when that closes', async () => {
    const clients = [1, 2, 3, 4].map(() => Client.connect(server.url(), phone('u2')))
    const [first, second, third, fourth] = await Promise.all(clients)
    if (!first || !second || !third || !fourth) throw new Error('four were asked for')
    const fds = (await Promise.all([first, second, third, fourth].map(fdOf))).sort((a, b) => a - b)
    const byFd = new Map(
      await Promise.all([first, second, third, fourth].map(async (c) => [await fdOf(c), c] as const)),
    )
    const newest = () => store.hget('WEBSOCKET_UIDTOFD', 'u2')
    expect(await newest()).toBe(`${fds[3]}`)
    const close = async (fd = 0) => {
      await byFd.get(fd)?.close()
      await offRecord(store, [fd])
    }
    await close(fds[1]) // an older one: nothing changes
    expect(await newest()).toBe(`${fds[3]}`)
    await close(fds[3])
    expect(await newest()).toBe(`${fds[2]}`)
    await close(fds[2])
    expect(await newest()).toBe(`${fds[0]}`)
    await close(fds[0])
    expect(await newest()).toBeNull()
    expect(await store.exists('WEBSOCKET_USERFDS_wechatUser:u2')).toBe(0)
  })

  test('an old connection that closes late does not take the newer one off', async () => {
    const old = await Client.connect(server.url(), phone('u3'))
    const oldFd = await fdOf(old)
    const young = await Client.connect(server.url(), phone('u3'))
    const fd = await fdOf(young)
    old.reset()
    await offRecord(store, [oldFd])
    expect(await store.hget('WEBSOCKET_UIDTOFD', 'u3')).toBe(`${fd}`)
    await young.close()
  })

  test('all at once: they are listed in the order in which they came', async () => {
    const clients = await Promise.all(Array.from({ length: 40 }, () => Client.connect(server.url(), phone('u4'))))
    const fds = (await Promise.all(clients.map(fdOf))).sort((a, b) => a - b)
    expect(await does(other, 'userFds', 'u4')).toEqual(fds)
    expect(await store.hget('WEBSOCKET_UIDTOFD', 'u4')).toBe(`${fds.at(-1)}`)
    for (const client of clients) client.reset()
    await offRecord(store, fds)
    expect(await does(other, 'userFds', 'u4')).toEqual([])
  })

  test('user ids are per type, and may be numbers', async () => {
    const screen = await Client.connect(server.url(), { ...wall('7'), id: 7 })
    const fd = await fdOf(screen)
    expect(await does(other, 'userFds', 7, 'wall')).toEqual([fd])
    expect(await does(other, 'userFds', '7', 'wall')).toEqual([fd])
    expect(await does(other, 'isOnline', 7, 'wall')).toBe(true)
    expect(await does(other, 'isOnline', 7)).toBe(false)
    expect(await store.hexists('WEBSOCKET_UIDTOFD', '7'), 'wechatUser only').toBe(0)
    await screen.close()
    await eventually(async () => expect(await does(other, 'isOnline', 7, 'wall')).toBe(false))
  })

  test('connections are counted, on all ports and on one', async () => {
    const count = async (...port: string[]) => Number(await does(other, 'connectionCount', ...port))
    const before = await count()
    const clients = [
      await Client.connect(server.url('second'), phone('u5')),
      await Client.connect(server.url('open'), undefined),
      await Client.connect(server.url('open'), undefined),
    ]
    expect([await count(), await count('second'), await count('open'), await count('none')]).toEqual([
      before + 3,
      1,
      2,
      0,
    ])
    await Promise.all(clients.map((client) => client.close()))
    await eventually(async () => expect([await count(), await count('open')]).toEqual([before, 0]))
  })

  test('the fds of a hand-filled set are the members of that group', async () => {
    await store.sadd('COUNTED', 5, 6)
    expect([await does(other, 'groupMembers', 'COUNTED'), await does(other, 'groupCount', 'COUNTED')]).toEqual([
      [5, 6],
      2,
    ])
    expect([await does(other, 'groupMembers', 'NONE'), await does(other, 'groupCount', 'NONE')]).toEqual([[], 0])
  })
})
