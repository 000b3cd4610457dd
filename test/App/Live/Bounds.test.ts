import type { TestApp, User } from 'mswoole-ts/test'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { live } from '../../../App/Live/Config'
import { Name } from '../../../App/Live/Server/Name'
import { startLive } from './start'

describe('what a room bears', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startLive()
  })
  afterAll(() => app.stop())

  let code = ''
  let rooms = 0
  const defaults = structuredClone(live)
  beforeEach(() => {
    code = `B${++rooms}`
    Object.assign(live.pending, defaults.pending)
    Object.assign(live.say, defaults.say)
  })
  const clients: User[] = []
  afterEach(async () => {
    vi.useRealTimers()
    await Promise.all(clients.map((client) => client.close()))
    for (const client of clients.splice(0)) await app.expectNothingLeft(client)
  })

  async function joined(kind: 'user' | 'wall', id: string): Promise<User> {
    const client = await app.client({ id, type: kind === 'user' ? 'wechatUser' : 'wall', code, nickname: id })
    clients.push(client)
    await client.call(`live.${kind}.join`)
    return client
  }

  const say = (who: User, text = 'hello') => who.call('live.user.say', { say: text })

  test('a user who says too much in a short time is refused, on all his connections, and others are not', async () => {
    Object.assign(live.say, { messages: 3, seconds: 3600 })
    const [phone, tablet, other] = [await joined('user', '1'), await joined('user', '1'), await joined('user', '2')]
    for (const who of [phone, tablet, phone]) expect((await say(who)).event).toBe('userSaySuccess')
    const tooFast = {
      status: 429,
      event: 'sayTooFast',
      info: '发言过快，请稍后再试',
      param: { messages: 3, seconds: 3600 },
    }
    for (const who of [phone, tablet]) expect(await say(who)).toEqual(tooFast)
    expect((await say(other)).event).toBe('userSaySuccess')
  })

  test('at most so many messages of one user wait for review, however many he sends at once', async () => {
    Object.assign(live.say, { messages: 100 })
    const [author, other, screen] = [await joined('user', '1'), await joined('user', '2'), await joined('wall', '3')]
    const answers = await Promise.all(Array.from({ length: 10 }, () => say(author)))
    const taken = answers.filter(({ event }) => event === 'userSaySuccess')
    expect(taken).toHaveLength(live.pending.perUser)
    expect(answers.filter(({ status, event }) => status === 429 && event === 'tooManyPending')).toHaveLength(5)
    expect((await say(other)).event).toBe('userSaySuccess')
    // What was refused is nowhere, and what is checked makes room.
    const { param } = await screen.call('live.wall.history', { type: 'user' })
    expect(Object.keys(Object(param))).toHaveLength(live.pending.perUser + 1)
    await screen.call('live.wall.check', { id: taken[0]?.param, status: 0 })
    expect((await say(author)).event).toBe('userSaySuccess')
    await screen.call('live.wall.clean')
    for (let index = 0; index < live.pending.perUser; index++) expect((await say(author)).event).toBe('userSaySuccess')
  })

  test('at most so many messages of a room wait for review', async () => {
    Object.assign(live.pending, { perRoom: 2 })
    const [first, second, third] = [await joined('user', '1'), await joined('user', '2'), await joined('user', '3')]
    const answers = [await say(first), await say(second), await say(third)]
    expect(answers.map(({ event }) => event)).toEqual(['userSaySuccess', 'userSaySuccess', 'tooManyPending'])
  })

  test('a message that nobody has checked in time is gone, and its place is free', async () => {
    Object.assign(live.pending, { perRoom: 2, perUser: 2 })
    const [author, screen] = [await joined('user', '1'), await joined('wall', '2')]
    const { param: old } = await say(author)
    await say(author)
    expect((await say(author)).event).toBe('tooManyPending')
    // Only the clock that user code reads is moved: timers and Redis go on.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + live.pending.ttl * 1000 + 1 })
    expect(await screen.call('live.wall.history', { type: 'user' })).toMatchObject({ param: {} })
    expect(await say(author)).toMatchObject({ event: 'userSaySuccess' })
    expect(await screen.call('live.wall.check', { id: old, status: 1 })).toMatchObject({ event: 'wallCheckFail' })
    expect(await app.store.hlen(new Name().room(code).pending)).toBe(1) // the others were cleared away
    await author.none('userSayBroadcast')
  })

  test('what a room leaves in Redis runs out by itself', async () => {
    const author = await joined('user', '1')
    await say(author)
    const { pending, expiry, pendingOf, counting } = new Name().room(code)
    for (const key of [pending, expiry, pendingOf('1')]) {
      const seconds = await app.store.ttl(key)
      expect(seconds).toBeGreaterThan(0)
      expect(seconds).toBeLessThanOrEqual(live.pending.ttl)
    }
    const paces = await app.store.keys(`LIVE_PACE_OF_*"${code}"*`)
    expect(paces.length).toBeGreaterThan(0)
    for (const key of [...paces, counting]) {
      expect(await app.store.ttl(key)).not.toBe(-1) // that is: never
      expect(await app.store.ttl(key)).toBeLessThanOrEqual(live.say.seconds)
    }
  })

  test('the walls hear how many are in the room: once after many came, and again after some went', async () => {
    const screen = await joined('wall', '1')
    const counted = () => screen.next('roomCount', { within: 5000 })
    const guests = await Promise.all(['2', '3', '4'].map((id) => joined('user', id)))
    let last = await counted()
    // The first count may have been announced before the last of them came.
    if (Object(last.param).user !== 3) last = await counted()
    expect(last).toEqual({ status: 200, event: 'roomCount', info: '房间人数', param: { user: 3, wall: 1 } })
    await screen.none('roomCount')
    await guests[0]?.call('live.user.out')
    await guests[1]?.close()
    await joined('wall', '5')
    expect(await counted()).toMatchObject({ param: { user: 1, wall: 2 } })
    await guests[2]?.none('roomCount')
  })
})
