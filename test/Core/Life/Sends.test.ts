import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { MODES } from '../../support/modes'
import type { Server } from '../../support/server'
import { does, fdOf, startLife } from './life'

describe.each(MODES)('what is sent reaches those it is for, %s mode', (mode) => {
  let server: Server
  let store: Redis
  /** a and b are one user on the main port, c another on the second, d nobody on the open one. */
  let all: Client[]
  let fds: number[]
  let a: Client
  beforeAll(async () => {
    server = await startLife(mode, { TEST_BUFFER: '16777216' }) // a flood may come while the test stands still
    store = server.store()
    a = await Client.connect(server.url(), phone('1'))
    const b = await Client.connect(server.url(), phone('1'))
    const c = await Client.connect(server.url('second'), phone('2'))
    const d = await Client.connect(server.url('open'), undefined)
    all = [a, b, c, d]
    fds = await Promise.all(all.map(fdOf))
    for (const fd of fds.slice(0, 3)) await does(a, 'fdJoin', fd, 'GROUP')
  })
  afterAll(async () => {
    await Promise.all(all.map((client) => client.close()))
    store.disconnect()
    await server.stop()
  })

  let text = ''
  let count = 0
  beforeEach(() => {
    text = `text ${++count}`
  })

  /** Who has got the text, by letter. What the server sent after it, on every connection, has arrived: nothing is still to come. */
  async function reached(): Promise<string> {
    await fdOf(a) // what a asked for has been done
    await Promise.all(all.map(fdOf))
    return all
      .map(({ frames }, index) =>
        ['a', 'b', 'c', 'd'][index]?.repeat(frames.all.filter(({ info }) => info === text).length),
      )
      .join('')
  }

  const fd = (index: number) => fds[index] ?? 0

  test.each<[string, string, () => [string, ...(string | number)[]]]>([
    ['an fd', 'c', () => ['to', fd(2), text]],
    ['an fd as text', 'c', () => ['to', `${fd(2)}`, text]],
    ['the caller', 'a', () => ['to', fd(0), text]],
    ['an fd, except that fd', '', () => ['to', fd(2), text, fd(2)]],
    ['an fd that there is not', '', () => ['to', 4711, text]],
    ['a group, on all ports', 'abc', () => ['to', 'GROUP', text]],
    ['a group without one', 'ac', () => ['to', 'GROUP', text, fd(1)]],
    ['a group without some, and one who is no member', 'c', () => ['to', 'GROUP', text, fd(0), fd(1), fd(3)]],
    ['a group that there is not', '', () => ['to', 'NO_GROUP', text]],
    ['all connections of a user', 'ab', () => ['toUser', '1', text]],
    ['a user of another type', '', () => ['toUser', '1', text, 'wall']],
    ['a port', 'c', () => ['toPort', 'second', text]],
    ['another port', 'd', () => ['toPort', 'open', text]],
    ['all', 'abcd', () => ['toAll', text]],
    ['all but some', 'bd', () => ['toAll', text, fd(0), fd(2)]],
  ])('%s', async (_, expected, order) => {
    const [verb, ...args] = order()
    a.send({ method: 'life.kit.do', verb, args })
    expect(await reached()).toBe(expected)
  })

  test('a set that was filled by hand, from which the dead are removed', async () => {
    const gone = await Client.connect(server.url(), phone('gone'))
    const dead = await fdOf(gone)
    await gone.close()
    await store.sadd('BY_HAND', fd(1), fd(3), dead, 'no fd at all')
    await does(a, 'to', 'BY_HAND', text, fd(3))
    await eventually(async () => expect(await store.smembers('BY_HAND')).not.toContain(`${dead}`))
    expect(await reached()).toBe('b')
    expect((await store.smembers('BY_HAND')).sort()).toEqual([`${fd(1)}`, `${fd(3)}`, 'no fd at all'].sort())
  })

  test('who has left a group gets no more of it', async () => {
    await does(a, 'fdJoin', fd(3), 'GROUP')
    await does(a, 'fdLeave', fd(3), 'GROUP')
    await does(a, 'to', 'GROUP', text)
    expect(await reached()).toBe('abc')
  })

  test.each([-1, 0, 1.5, '', '0', 2 ** 53])('the target %j is an error of the code: 500', async (target) => {
    for (const verb of ['sendMessage', 'to', 'kick']) {
      expect(await a.call('life.kit.do', { verb, args: [target, text] })).toMatchObject({ status: 500 })
    }
    expect(await reached()).toBe('')
  })

  test('a status of one’s own; the callId only for the caller’s own connection', async () => {
    a.send({ method: 'life.kit.do', verb: 'sendMessage', args: [fd(0), text], callId: 'mine' })
    a.send({ method: 'life.kit.do', verb: 'sendMessage', args: [fd(1), text], callId: 'mine' })
    a.send({ method: 'life.kit.do', verb: 'to', args: ['GROUP', text], callId: 'mine' })
    expect(await reached()).toBe('aabbc')
    const frames = all.slice(0, 2).map(({ frames }) => frames.all.filter(({ info }) => info === text))
    expect(frames).toEqual([
      [
        { status: 201, event: 'sent', info: text, callId: 'mine' },
        { status: 200, event: 'sent', info: text },
      ],
      [
        { status: 201, event: 'sent', info: text },
        { status: 200, event: 'sent', info: text },
      ],
    ])
  })

  test('a service that is bound to no call sends from a timer', async () => {
    all[2]?.send({ method: 'life.turns.tick', callId: 'c' })
    const { callId, ...frame } = (await all[2]?.next('ticked')) ?? {}
    expect(frame).toEqual({ status: 200, event: 'ticked', info: 'from a timer' })
    expect(callId).toBeUndefined()
  })

  test('messages of one group reach all its members in one order, whoever sends them in whatever way', async () => {
    const senders = all.slice(0, 3)
    await Promise.all(senders.flatMap((who) => [does(who, 'flood', 'GROUP', 100), does(who, 'flood', 'GROUP', 100)]))
    await Promise.all(all.map(fdOf))
    const orders = senders.map(({ frames }) =>
      frames.all.filter(({ event }) => event === 'flood').map(({ param }) => param),
    )
    expect(orders[1]).toHaveLength(600)
    expect(orders[1]).toEqual(orders[2])
    // fd 1, the first one, is spared by every third message.
    expect(orders[0]).toEqual(orders[1]?.filter((n) => Number(n) % 3 !== 1))
  })

  describe('a kick', () => {
    test.each([
      [4000, 'goodbye', 4000, 'goodbye'],
      [1006, 'not a code that may be sent', 4403, 'not a code that may be sent'],
      [70_000, '', 4403, ''],
      [3000, `x${'再见'.repeat(100)}`, 3000, `x${'再见'.repeat(20)}`], // 123 bytes would cut the next one in two
    ])('with the code %i', async (code, reason, sentCode, sentReason) => {
      const victim = await Client.connect(server.url(), phone('victim'))
      expect(await does(a, 'kick', await fdOf(victim), code, reason)).toBe(1)
      expect(await victim.closed).toEqual({ code: sentCode, reason: sentReason })
    })

    test('of a group closes its members, of nobody closes none', async () => {
      const victims = await Promise.all([1, 2, 3].map(() => Client.connect(server.url(), phone('victim'))))
      for (const victim of victims) await does(a, 'fdJoin', await fdOf(victim), 'KICKED')
      expect(await does(a, 'kick', 'KICKED')).toBe(3)
      for (const { closed } of victims) expect(await closed).toEqual({ code: 4403, reason: 'kicked' })
      expect(await does(a, 'kick', 'NO_GROUP')).toBe(0)
      expect(await does(a, 'kick', 4711)).toBe(0)
    })

    test('of oneself: what was sent before it arrives, and the hooks come after the action', async () => {
      const victim = await Client.connect(server.url(), phone('victim'))
      const self = await fdOf(victim)
      await does(a, 'fdAddController', self, 'Closing.Records')
      victim.send({ method: 'life.kit.do', verb: 'sayAndKick', args: [self, text] })
      expect(await victim.closed).toMatchObject({ code: 4403 })
      expect(victim.frames.all.slice(-2)).toMatchObject([{ event: 'receiveMessage' }, { info: text }])
      await server.logged(({ msg, fd }) => msg === 'Records was told' && fd === self)
    })
  })
})
