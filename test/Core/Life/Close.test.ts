import { Socket } from 'node:net'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { MODES } from '../../support/modes'
import type { Server } from '../../support/server'
import { does, fdOf, offRecord, startLife } from './life'

type End = (victim: Client, fd: number, other: Client) => unknown

const ENDS: [string, End, number][] = [
  ['a close frame', (victim) => victim.socket.close(1000), 1000],
  ['a close frame with a code of its own', (victim) => victim.socket.close(4321, 'goodbye'), 4321],
  ['a close frame without a code', (victim) => victim.socket.close(), 1005],
  ['a TCP reset', (victim) => victim.reset(), 1006],
  [
    'the end of the TCP stream',
    (victim) => {
      const socket: unknown = Reflect.get(victim.socket, '_socket')
      if (socket instanceof Socket) socket.end()
    },
    1006,
  ],
  ['silence', () => {}, 4408],
  ['a kick', (_, fd, other) => does(other, 'kick', fd), 4403],
  ['a kick with a code', (_, fd, other) => does(other, 'kick', fd, 3999, 'go'), 3999],
  ['what is no JSON object', (victim) => victim.send('[]'), 4400],
]

describe.each(MODES)('the end of a connection, %s mode', (mode) => {
  let server: Server
  let store: Redis
  beforeAll(async () => {
    server = await startLife(mode, { TEST_IDLE: '5' })
    store = server.store()
  })
  afterAll(async () => {
    store.disconnect()
    await server.stop()
  })

  test.each(ENDS)('by %s: the controllers are told, then nothing is left on record', async (_, end, closeCode) => {
    const other = await Client.connect(server.url(), phone('other'))
    const victim = await Client.connect(server.url(), phone('victim'))
    const beats = setInterval(() => [other, victim].map((client) => client.send('2')), 500) // it may take long until the end
    const fd = await fdOf(victim)
    await does(other, 'fdJoin', fd, 'LIFE_ROOM')
    await does(other, 'fdAddCloseKey', fd, 'HAND_SET')
    await does(other, 'fdAddController', fd, 'Closing.Records')
    // What a PHP backend does.
    await store.sadd('HAND_SET', fd, 'stays')
    await store.sadd('PHP_SET', fd, 'stays')
    await store.sadd(`WEBSOCKET_FdCloseSetKey_${fd}`, 'PHP_SET')
    await store.sadd(`WEBSOCKET_FdController_${fd}`, 'closing.THROWS')

    clearInterval(beats)
    await end(victim, fd, other)
    const line = await server.logged(({ msg, fd: who }) => msg === 'Records was told' && who === fd)
    const auth = { id: 'victim', type: 'wechatUser', code: 'A', nickname: 'nvictim' }
    expect(line).toMatchObject({ told: { fd, closeCode, code: 'A', auth }, stillMember: true })
    await server.logged(({ msg, fd: who }) => msg === 'Throws was told' && who === fd)
    await offRecord(store, [fd], ['LIFE_ROOM', 'HAND_SET', 'PHP_SET'])
    expect([await store.smembers('HAND_SET'), await store.smembers('PHP_SET')]).toEqual([['stays'], ['stays']])
    victim.reset()
    other.reset()
  })

  test('a close key that is no set does not keep the fd in the others', async () => {
    const victim = await Client.connect(server.url(), phone('wrong'))
    const fd = await fdOf(victim)
    await store.set('NO_SET', 'text')
    await store.rpush('A_LIST', `${fd}`)
    for (const key of ['NO_SET', 'FIRST', 'A_LIST', 'SECOND']) await does(victim, 'fdAddCloseKey', fd, key)
    await store.sadd('FIRST', fd)
    await store.sadd('SECOND', fd)
    await victim.close()
    await offRecord(store, [fd], ['FIRST', 'SECOND'])
    await server.logged(({ closeKey }) => closeKey === 'NO_SET')
    expect(await store.get('NO_SET')).toBe('text')
  })

  test('who joined leaves, even if the close key was taken away', async () => {
    const victim = await Client.connect(server.url(), phone('keyless'))
    const fd = await fdOf(victim)
    await does(victim, 'fdJoin', fd, 'LIFE_ROOM')
    await does(victim, 'fdRemoveCloseKey', fd, 'LIFE_ROOM')
    await victim.close()
    await offRecord(store, [fd], ['LIFE_ROOM'])
  })

  test('what was taken back is not done', async () => {
    const victim = await Client.connect(server.url(), phone('undone'))
    const fd = await fdOf(victim)
    await does(victim, 'fdAddController', fd, 'Closing.Rejects')
    await does(victim, 'fdRemoveController', fd, 'Closing.Rejects')
    await does(victim, 'fdAddController', fd, 'Closing.Records')
    await does(victim, 'fdAddCloseKey', fd, 'KEPT')
    await does(victim, 'fdRemoveCloseKey', fd, 'KEPT')
    await store.sadd('KEPT', fd)
    await victim.close()
    await server.logged(({ msg, fd: who }) => msg === 'Records was told' && who === fd)
    await offRecord(store, [fd])
    expect(await store.smembers('KEPT')).toEqual([`${fd}`])
    expect(server.log.all.filter(({ msg }) => msg === 'Rejects was told')).toEqual([])
  })

  test('of somebody nobody knows: onClose says so', async () => {
    const nobody = await Client.connect(server.url('open'), undefined)
    const fd = await fdOf(nobody)
    await does(nobody, 'fdAddController', fd, 'Closing.Records')
    await nobody.close()
    const { told } = await server.logged(({ msg, fd: who }) => msg === 'Records was told' && who === fd)
    expect(told).toEqual({ fd, closeCode: 1000 })
    await offRecord(store, [fd])
  })
})
