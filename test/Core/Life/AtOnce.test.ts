import { once } from 'node:events'
import { connect } from 'node:net'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Client, phone, type UserFields } from '../../support/client'
import { eventually } from '../../support/eventually'
import { MODES } from '../../support/modes'
import { type RedisServer, startRedis } from '../../support/redis'
import type { Server } from '../../support/server'
import { gatewayOf } from '../Faults/support'
import { does, fdOf, offRecord, startLife } from './life'

const FDS = 'WEBSOCKET_INSTANCE_1_FDS'
const SET_OF = (id: string) => `WEBSOCKET_USERFDS_wechatUser:${id}`

describe.each(MODES)('many who come or go at once, %s mode', (mode) => {
  let redis: RedisServer
  let server: Server
  let store: Redis
  let clients: Client[] = []
  beforeAll(async () => {
    redis = await startRedis()
    server = await startLife(mode, { REDIS_URL: redis.url })
    store = new Redis(redis.url)
  })
  afterEach(async () => {
    const all = clients.splice(0)
    const fds = (await store.smembers(FDS)).map(Number)
    for (const { socket } of all) socket.terminate()
    await offRecord(store, fds)
  })
  afterAll(async () => {
    await server.stop()
    store.disconnect()
    await redis.stop()
  })

  /** Lets these users in while the gateway stands still, so that it finds all of them at the door when it goes on. */
  async function comeAtOnce(users: readonly UserFields[]): Promise<void> {
    const gateway = gatewayOf(server)
    process.kill(gateway, 'SIGSTOP')
    const coming = users.map((user) => Client.connect(server.url(), user))
    const last = connect(server.port(), '127.0.0.1')
    await once(last, 'connect') // by then the others' requests have been written, too
    last.destroy()
    process.kill(gateway, 'SIGCONT')
    clients = await Promise.all(coming)
  }

  /** Lets these clients vanish while the gateway stands still. */
  async function goAtOnce(going: readonly Client[]): Promise<void> {
    const gateway = gatewayOf(server)
    process.kill(gateway, 'SIGSTOP')
    const gone = going.map(({ socket }) => once(socket, 'close'))
    for (const { socket } of going) socket.terminate()
    await Promise.all(gone)
    process.kill(gateway, 'SIGCONT')
    clients = clients.filter((client) => !going.includes(client))
  }

  const onRecord = (fds: number) => eventually(async () => expect(await store.scard(FDS)).toBe(fds))

  /** How often Redis has run a command since `CONFIG RESETSTAT`. */
  async function runs(command: string): Promise<number> {
    const stats = await store.info('commandstats')
    return Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0)
  }

  test('share the commands that put them on record, but for one a user', async () => {
    const count = 200
    await store.config('RESETSTAT')
    await comeAtOnce(Array.from({ length: count }, (_, n) => phone(`many ${n}`)))
    await eventually(async () => expect(await store.hlen('WEBSOCKET_UIDTOFD')).toBe(count))
    expect(await store.scard(FDS)).toBe(count)
    expect(await store.hlen('WEBSOCKET_FDINFO')).toBe(count)
    expect(await runs('zadd')).toBe(count)
    // Not just one: the system may hand them over in portions, and the lease is renewed meanwhile.
    for (const command of ['sadd', 'hset', 'eval']) expect(await runs(command), command).toBeLessThan(count / 10)
  })

  test('share the commands that take them off the record, but for some a user', async () => {
    const count = 200
    await comeAtOnce(Array.from({ length: count }, (_, n) => phone(`many ${n}`)))
    const fds = await Promise.all(clients.map(fdOf))
    await Promise.all(clients.map((client, n) => does(client, 'fdJoin', fds[n] ?? 0, 'AT_ONCE')))
    await store.config('RESETSTAT')
    await goAtOnce(clients)
    await offRecord(store, fds, ['AT_ONCE'], 30_000)
    expect(await runs('zrem')).toBe(count)
    for (const command of ['del', 'srem', 'eval', 'hsetnx']) {
      expect(await runs(command), command).toBeLessThan(count / 10)
    }
  })

  test('are off the record, but for one whose key holds something else; he is when it is gone', async () => {
    const count = 50
    await comeAtOnce([phone('bad'), ...Array.from({ length: count }, (_, n) => phone(`good ${n}`))])
    const [bad = 0, ...fds] = await Promise.all(clients.map(fdOf))
    await store.set(SET_OF('bad'), 'no sorted set')
    await goAtOnce(clients)
    await eventually(async () => expect(await store.smembers(FDS)).toEqual([`${bad}`]))
    expect(await store.hkeys('WEBSOCKET_FDINFO')).toEqual([`${bad}`])
    await store.del(SET_OF('bad'))
    await offRecord(store, [bad, ...fds])
  })

  test('are off the record, but for one whose close key nobody may touch; he is when one may', async () => {
    await comeAtOnce(Array.from({ length: 50 }, (_, n) => phone(`free ${n}`)))
    const fds = await Promise.all(clients.map(fdOf))
    const bad = fds[10] ?? 0
    await Promise.all(clients.map((client, n) => does(client, 'fdAddCloseKey', fds[n] ?? 0, 'AT_ONCE')))
    const [forbidden = await Client.connect(server.url())] = clients.slice(10)
    await does(forbidden, 'fdAddCloseKey', bad, 'FORBIDDEN')
    await store.call('ACL', 'SETUSER', 'default', 'resetkeys', '~WEBSOCKET_*', '~AT_ONCE')
    await goAtOnce(clients)
    await eventually(async () => expect(await store.smembers(FDS)).toEqual([`${bad}`]))
    await store.call('ACL', 'SETUSER', 'default', 'allkeys')
    await offRecord(store, fds)
  })

  test('leave UIDTOFD to the newest of their users that stay', async () => {
    const ids = Array.from({ length: 20 }, (_, n) => `stays ${n}`)
    await comeAtOnce([...ids, ...ids, ...ids].map((id) => phone(id)))
    const fds = await Promise.all(clients.map(fdOf))
    const byUser = ids.map((_, n) => [n, n + 20, n + 40].sort((one, other) => (fds[one] ?? 0) - (fds[other] ?? 0)))
    await goAtOnce(byUser.flatMap(([, ...newer]) => newer).flatMap((n) => clients[n] ?? []))
    await onRecord(ids.length)
    const left = byUser.map(([oldest = 0]) => `${fds[oldest]}`)
    await eventually(async () => expect(await store.hmget('WEBSOCKET_UIDTOFD', ...ids)).toEqual(left))
  })

  test('are on record, but for one whose key holds something else; he is when it is gone', async () => {
    const count = 50
    await store.set(SET_OF('bad'), 'no sorted set')
    const users = Array.from({ length: count }, (_, n) => phone(`good ${n}`))
    await store.config('RESETSTAT')
    await comeAtOnce([...users.slice(0, 10), phone('bad'), ...users.slice(10)])
    const fds = await Promise.all(clients.map(fdOf)) // he is served like everybody else
    const good = fds.filter((_, n) => n !== 10)
    expect(await store.exists(...users.map(({ id }) => SET_OF(`${id}`)))).toBe(count)
    const shown = await store.hmget('WEBSOCKET_UIDTOFD', ...users.map(({ id }) => `${id}`))
    expect(shown).toEqual(good.map(String))
    // He is tried again every second; with him all others would be, if they were.
    expect(await runs('zadd'), 'nobody is tried again but him').toBeLessThan(2 * count)
    await store.del(SET_OF('bad'))
    await eventually(async () => expect(await store.zrange(SET_OF('bad'), 0, '-1')).toEqual([`${fds[10]}`]))
  })

  test('of those whom Redis refuses one keeps nobody else from what is tried again', async () => {
    const keys = ['bad', 'worse'].map(SET_OF)
    const [bad = '', worse = ''] = keys
    for (const key of keys) await store.set(key, 'no sorted set')
    await comeAtOnce([phone('bad'), phone('worse')])
    const [badFd = 0, worseFd = 0] = await Promise.all(clients.map(fdOf))
    await store.del(worse)
    await eventually(async () => expect(await store.zrange(worse, 0, '-1')).toEqual([`${worseFd}`]))
    const left = (fd: number) => eventually(async () => expect(await store.sismember(FDS, fd)).toBe(0))
    await store.sadd(FDS, 2 ** 32 + 10_000_000) // what nobody has
    await store.call('CLIENT', 'KILL', 'TYPE', 'normal')
    await left(2 ** 32 + 10_000_000)
    await store.set(worse, 'no sorted set')
    for (const client of clients) await client.close()
    await store.del(worse)
    await left(worseFd)
    expect(await store.sismember(FDS, badFd)).toBe(1)
    await store.del(bad)
    await offRecord(store, [badFd])
  })

  test('have their newest connection in UIDTOFD, if several are of one user', async () => {
    const ids = Array.from({ length: 20 }, (_, n) => `twice ${n}`)
    await comeAtOnce([...ids, ...ids, ...ids].map((id) => phone(id)))
    await onRecord(3 * ids.length)
    const sets = await Promise.all(ids.map((id) => store.zrange(SET_OF(id), 0, '-1')))
    expect(sets.flat()).toHaveLength(3 * ids.length)
    expect(await store.hmget('WEBSOCKET_UIDTOFD', ...ids)).toEqual(sets.map((fds) => fds.at(-1)))
    expect(sets.map((fds) => fds.at(-1))).toEqual(sets.map((fds) => `${Math.max(...fds.map(Number))}`))
  })

  test.each([
    ['in time', async () => {}],
    ['too late', () => server.logged(({ msg }) => msg === 'connections are not on record until Redis is back')],
  ])('and go while that is on its way leave nothing behind, also when Redis answers %s', async (_, waiting) => {
    const watcher = await Client.connect(server.url(), phone('watcher'))
    const fd = await fdOf(watcher)
    await redis.kill('SIGSTOP')
    const users = Array.from({ length: 30 }, (_, n) => phone(`brief ${n}`))
    // Those who come second wait for the first.
    for (const some of [users.slice(0, 10), users.slice(10)]) {
      const brief = await Promise.all(some.map((user) => Client.connect(server.url(), user)))
      await Promise.all(brief.map((client) => client.close()))
    }
    await waiting()
    await redis.kill('SIGCONT')
    const last = await Client.connect(server.url(), phone('last'))
    clients = [watcher, last]
    const left = [fd, await fdOf(last)].map(String)
    await eventually(async () => {
      expect((await store.smembers(FDS)).sort()).toEqual([...left].sort())
      expect((await store.hkeys('WEBSOCKET_FDINFO')).sort()).toEqual([...left].sort())
      expect(await store.hgetall('WEBSOCKET_UIDTOFD')).toEqual({ watcher: left[0], last: left[1] })
      expect((await store.keys('WEBSOCKET_USERFDS_*')).sort()).toEqual([SET_OF('last'), SET_OF('watcher')])
    })
  })
})
