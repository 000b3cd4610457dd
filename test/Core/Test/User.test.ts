import { startApp, type TestApp } from 'mswoole-ts/test'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Kit, shutGate, told } from './room'

let app: TestApp
beforeAll(async () => {
  app = await startApp({ modules: { Kit: { Kit } }, quiet: true })
})
afterAll(() => app.stop())

/** What a promise is rejected with. */
async function failureOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  throw new Error('it did not fail')
}

describe('a client of the test kit', () => {
  test('is who it says, and somebody else each time when it says nothing', async () => {
    const fields = { id: 7, type: 'wall', code: 'A', nickname: '<b>', room: 'x' }
    const [named, one, other] = [await app.client(fields), await app.client(), await app.client()]
    const authOf = async (user: typeof one) => Object((await user.call('kit.kit.who')).param).auth
    expect(await authOf(named)).toEqual({ ...fields, nickname: '&lt;b&gt;' })
    expect(await authOf(one)).toMatchObject({ type: 'wechatUser' })
    expect((await authOf(one)).id).not.toEqual((await authOf(other)).id)
    expect((await authOf(one)).nickname).not.toEqual((await authOf(other)).nickname)
    expect((await one.call('kit.kit.who')).param).toMatchObject({ fd: one.fd })
  })

  test('is refused as at a real handshake', async () => {
    expect(await failureOf(app.client(null))).toContain('refused: missing')
    expect(await failureOf(app.client({ auth: 'nonsense' }))).toContain('refused: undecodable')
    expect(await failureOf(app.client({ ctime: 1_500_000_000 }))).toContain('refused: expired')
    expect(await failureOf(app.client({}, { port: 'other' }))).toBe('there is no port other; there are: main')
  })

  test('gets the reply of each call, whatever its status, without the marks of the kit', async () => {
    const user = await app.client()
    expect(await Promise.all([user.call('kit.kit.say', { word: 'a' }), user.call('kit.kit.say')])).toEqual([
      { status: 200, event: 'saySuccess', info: 'said' },
      expect.objectContaining({ status: 400, event: 'invalidParam' }),
    ])
    expect(await user.call('kit.kit.missing')).toMatchObject({ status: 405 })
    expect(await user.call('a.b.c')).toMatchObject({ status: 404 })
    expect(user.frames.map(({ event }) => event)).toEqual([
      'saySuccess',
      'invalidParam',
      'methodNotFound',
      'controllerNotFound',
    ])
  })

  test('learns why a call was answered 500', async () => {
    const user = await app.client()
    expect(user.lastError).toBeUndefined()
    expect(await user.call('kit.kit.throws')).toMatchObject({ status: 500, event: 'controllerError' })
    expect(user.lastError).toMatchObject({ action: 'Kit.Kit.throws', err: { message: 'thrown on purpose' } })
    expect(user.lastError?.err?.stack).toContain('room.ts')
    expect(app.log.filter(({ fd }) => fd === user.fd)).toEqual([user.lastError])
    const failure = await failureOf(user.next('said', { within: 1 }))
    expect(failure).toMatch(/controllerError.*TypeError: thrown on purpose\n {4}at Kit.throws/s)
  })

  test('is told at once when an action ends without a reply, and in time when it does not end', async () => {
    const user = await app.client()
    const failure = await failureOf(user.call('kit.kit.saysNothing', {}, { within: 20_000 }))
    expect(failure).toContain('kit.kit.saysNothing ended without a reply to its caller')
    const open = shutGate('shut')
    expect(await failureOf(user.call('kit.kit.waits', { gate: 'shut' }, { within: 10 }))).toContain(
      'kit.kit.waits was not answered within 10 ms',
    )
    open()
    expect(await user.next('waited')).toMatchObject({ status: 200 }) // a late reply is a frame like any other
  })

  test('shows in a failure what did come: not too much of it', async () => {
    const user = await app.client()
    expect(await failureOf(user.next('said', { within: 1 }))).toBe(
      `no said came within 1 ms (fd ${user.fd}). No frame came at all.`,
    )
    await user.call('kit.kit.join')
    await user.call('kit.kit.say', { word: 'x'.repeat(1000) })
    const failure = await failureOf(user.next(({ status }) => status > 200, { within: 1 }))
    expect(failure).toContain('no such frame came within 1 ms')
    expect(failure).toMatch(/These frames came:\n {2}200 joined in the group\n {2}200 said to the group param "X{100}/)
    expect(Math.max(...failure.split('\n').map((line) => line.length))).toBeLessThan(310)
    for (let count = 0; count < 30; count++) await user.call('kit.kit.say', { word: String(count) })
    const long = await failureOf(user.next('other', { within: 1 }))
    expect(long).toContain('Of 63 frames that came these were the last:')
    expect(long.split('\n')).toHaveLength(21)
    await user.close()
  })

  test('takes each frame once, in order, and one that came before it was asked for', async () => {
    const user = await app.client()
    await user.call('kit.kit.join')
    for (const word of ['a', 'b', 'c']) await user.call('kit.kit.say', { word })
    expect((await user.next('said')).param).toBe('A')
    expect((await user.next(({ param }) => param === 'C')).param).toBe('C')
    expect((await user.next('said')).param).toBe('B')
    await user.none('said')
    const waiting = user.next('said')
    user.send({ method: 'kit.kit.say', word: 'd', callId: 'mine' })
    expect((await waiting).param).toBe('D')
    expect(await user.next('receiveMessage')).toMatchObject({ callId: 'mine' })
    await user.close()
  })

  test('sees a refused call answered by the 429 that names it', async () => {
    const user = await app.client()
    const open = shutGate('busy')
    const calls = Array.from({ length: 33 }, () => user.call('kit.kit.waits', { gate: 'busy' }))
    expect(await calls.pop()).toMatchObject({ status: 429, param: { from: 33, count: 1 } })
    open()
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array.from({ length: 32 }, () => 200))
  })
})

describe('none', () => {
  test('waits for calls of others that are still under way', async () => {
    const [user, other] = [await app.client(), await app.client()]
    await user.call('kit.kit.join')
    const open = shutGate('late')
    expect(await other.call('kit.kit.sayLater', { gate: 'late' })).toMatchObject({ event: 'saySuccess' })
    const none = failureOf(user.none('said'))
    open()
    expect(await none).toMatch(/^said came once, it should not/)
    await user.close()
  })

  test('waits for what goes by a set of Redis, and for the hooks of who has gone', async () => {
    const [user, other, goner] = [await app.client(), await app.client(), await app.client()]
    await user.call('kit.kit.joinByHand')
    other.send({ method: 'kit.kit.sayToSet', word: 'x' })
    expect(await failureOf(user.none('said'))).toMatch(/^said came once/)
    await other.call('kit.kit.join')
    await goner.call('kit.kit.join')
    goner.close(4000)
    expect(await failureOf(other.none('gone'))).toMatch(/^gone came once/)
    await other.close()
    await app.store.del('KIT_SET')
  })
})

describe('a close', () => {
  test('is over when the hooks have run and the record is clean', async () => {
    const user = await app.client({ id: 'closes' })
    await user.call('kit.kit.join')
    expect(await app.leftovers(user)).toEqual([
      'KIT_GROUP',
      'WEBSOCKET_FDINFO',
      `WEBSOCKET_FdCloseSetKey_${user.fd}`,
      `WEBSOCKET_FdController_${user.fd}`,
      'WEBSOCKET_INSTANCE_1_FDS',
      'WEBSOCKET_UIDTOFD',
      'WEBSOCKET_USERFDS_wechatUser:closes',
    ])
    expect(await failureOf(app.expectNothingLeft(user))).toMatch(
      /KIT_GROUP.*\(it is still connected: close it first\)$/,
    )
    expect(await user.close(4321)).toEqual({ code: 4321, reason: '' })
    expect(told).toContainEqual(expect.objectContaining({ fd: user.fd, closeCode: 4321 }))
    await app.expectNothingLeft(user)
  })

  test('leaves behind what nobody cleans, and that is named', async () => {
    const user = await app.client()
    await user.call('kit.kit.joinByHand')
    await user.close()
    expect(await failureOf(app.expectNothingLeft(user))).toBe(
      `of fd ${user.fd} there is something left in Redis: KIT_SET`,
    )
    expect(await failureOf(app.expectNothingLeft(user.fd))).toContain('KIT_SET')
    await app.store.del('KIT_SET')
  })

  test('by the server is told, with its code and reason, to those who wait as well', async () => {
    const user = await app.client()
    expect(await failureOf(user.call('kit.kit.kickMe'))).toContain(
      'kit.kit.kickMe was not answered before the connection was closed with 4403 kicked',
    )
    expect(await user.closed).toEqual({ code: 4403, reason: 'kicked' })
    expect(await failureOf(user.next('said'))).toContain(
      'no said came before the connection was closed with 4403 kicked',
    )
    expect(() => user.send('2')).toThrow(`the connection of fd ${user.fd} is closed`)
    expect(await user.close()).toEqual({ code: 4403, reason: 'kicked' })
    await app.expectNothingLeft(user)
  })
})
