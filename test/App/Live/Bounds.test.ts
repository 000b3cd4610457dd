// biome-ignore lint/style/useImportType: the class is what the constructor is handed
import { App, controller } from 'mswoole-ts'
import type { User } from 'mswoole-ts/test'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { live } from '../../../App/Live/Config'
import { Audience } from '../../../App/Live/Server/Audience'
import { Name } from '../../../App/Live/Server/Name'
import { Live } from './start'

/** Hands out the App that belongs to no call. */
@controller()
class Loose {
  static app: App
  constructor(app: App) {
    Loose.app = app
  }
  onShutdown() {}
}

describe('what a room bears', () => {
  const room = new Live({ Kit: { Loose } })
  const defaults = structuredClone(live)
  beforeEach(() => {
    Object.assign(live.pending, defaults.pending)
    Object.assign(live.say, defaults.say)
    Object.assign(live.count, defaults.count)
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const say = (who: User, text = 'hello') => who.call('live.user.say', { say: text })

  test('a user who says too much in a short time is refused, on all his connections, and others are not', async () => {
    Object.assign(live.say, { messages: 3, seconds: 3600 })
    const [phone, tablet, other] = [
      await room.joined('user', '1'),
      await room.joined('user', '1'),
      await room.joined('user', '2'),
    ]
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
    const [author, other, screen] = [
      await room.joined('user', '1'),
      await room.joined('user', '2'),
      await room.joined('wall', '3'),
    ]
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
    const [first, second, third] = [
      await room.joined('user', '1'),
      await room.joined('user', '2'),
      await room.joined('user', '3'),
    ]
    const answers = [await say(first), await say(second), await say(third)]
    expect(answers.map(({ event }) => event)).toEqual(['userSaySuccess', 'userSaySuccess', 'tooManyPending'])
  })

  test('a message that nobody has checked in time is gone, and its place is free', async () => {
    Object.assign(live.pending, { perRoom: 2, perUser: 2 })
    const [author, screen] = [await room.joined('user', '1'), await room.joined('wall', '2')]
    const { param: old } = await say(author)
    await say(author)
    expect((await say(author)).event).toBe('tooManyPending')
    // Only the clock that user code reads is moved: timers and Redis go on.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + live.pending.ttl * 1000 + 1 })
    expect(await screen.call('live.wall.history', { type: 'user' })).toMatchObject({ param: {} })
    expect(await say(author)).toMatchObject({ event: 'userSaySuccess' })
    expect(await screen.call('live.wall.check', { id: old, status: 1 })).toMatchObject({ event: 'wallCheckFail' })
    expect(await room.app.store.hlen(new Name().room(room.code).pending)).toBe(1) // the others were cleared away
    await author.none('userSayBroadcast')
  })

  test('what a room leaves in Redis runs out by itself', async () => {
    const author = await room.joined('user', '1')
    await say(author)
    const { pending, expiry, pendingOf, counting } = new Name().room(room.code)
    for (const key of [pending, expiry, pendingOf('1')]) {
      const seconds = await room.app.store.ttl(key)
      expect(seconds).toBeGreaterThan(0)
      expect(seconds).toBeLessThanOrEqual(live.pending.ttl)
    }
    const paces = await room.app.store.keys(`LIVE_PACE_OF_*"${room.code}"*`)
    expect(paces.length).toBeGreaterThan(0)
    for (const key of [...paces, counting]) {
      expect(await room.app.store.ttl(key)).not.toBe(-1) // that is: never
      expect(await room.app.store.ttl(key)).toBeLessThanOrEqual(live.say.seconds)
    }
  })

  test('the walls hear how many are in the room: once after many came, and again after some went', async () => {
    const screen = await room.joined('wall', '1')
    /** On a machine that stands still between two guests there is a count of those before, too. */
    const counted = async (user: number, wall: number) => {
      for (;;) {
        const frame = await screen.next('roomCount', { within: 20_000 })
        if (Object(frame.param).user === user && Object(frame.param).wall === wall) return frame
      }
    }
    const guests = await Promise.all(['2', '3', '4'].map((id) => room.joined('user', id)))
    expect(await counted(3, 1)).toEqual({
      status: 200,
      event: 'roomCount',
      info: '房间人数',
      param: { user: 3, wall: 1 },
    })
    await screen.none('roomCount')
    await guests[0]?.call('live.user.out')
    await guests[1]?.close()
    await room.joined('wall', '5')
    await counted(1, 2)
    const counts = screen.frames.filter(({ event }) => event === 'roomCount')
    expect(counts.length).toBeLessThan(7) // as often as somebody came or went
    await guests[2]?.none('roomCount')
  })

  test('a change after a count is in the next one, also where Redis still has the key of the last one', async () => {
    const screen = await room.joined('wall', '1')
    await room.app.store.persist(new Name().room(room.code).counting) // its clock is slower than ours, say
    await screen.next('roomCount', { within: 20_000 })
    await room.joined('user', '2')
    expect(await screen.next('roomCount', { within: 20_000 })).toMatchObject({ param: { user: 1, wall: 1 } })
  })

  test('a worker that ends counts at once what it had announced, and leaves the next change to others', async () => {
    const screen = await room.joined('wall', '1')
    await screen.next('roomCount', { within: 20_000 })
    Object.assign(live.count, { interval: 60_000 })
    const [ending, other] = [new Audience(Loose.app, new Name()), new Audience(Loose.app, new Name())]
    await ending.changed(room.code)
    await other.changed(room.code) // the other one has announced it already
    await other.finish()
    await screen.none('roomCount')
    await ending.finish()
    expect(await screen.next('roomCount')).toMatchObject({ param: { user: 0, wall: 1 } })
    await other.changed(room.code)
    await other.finish()
    await screen.next('roomCount')
  })
})
