import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Client, phone, wall } from '../../support/client'
import { eventually } from '../../support/eventually'
import { Cluster, does, fdOf, sentTo } from './support'

let cluster: Cluster
let here: Client
let there: Client
let hereFd: number
let thereFd: number
beforeAll(async () => {
  cluster = await Cluster.start(2)
  here = await cluster.connect(0, phone('here'))
  there = await cluster.connect(1, phone('there'))
  hereFd = await fdOf(here)
  thereFd = await fdOf(there)
})
afterAll(() => cluster.stop())

/** Waits until everything that was sent from a machine has arrived at these, each of which is read by itself. */
let marks = 0
async function allArrived(clients: readonly Client[]): Promise<void> {
  const mark = `mark ${++marks}`
  await does(here, 'toAll', mark)
  await Promise.all(clients.map((client) => eventually(() => expect(sentTo(client)).toContain(mark))))
}

/** What clients got by a verb of `here`'s. */
async function whoGets(clients: readonly Client[], text: string, verb: string, ...args: (string | number)[]) {
  await does(here, verb, ...args)
  await allArrived(clients)
  return clients.map((client) => sentTo(client).filter((sent) => sent === text).length)
}

describe('a message reaches', () => {
  test('a connection of another machine, in the order in which it was sent', async () => {
    for (let n = 0; n < 50; n++) here.send({ method: 'bus.kit.do', verb: 'sendMessage', args: [thereFd, `n${n}`] })
    await eventually(() => expect(sentTo(there)).toEqual(Array.from({ length: 50 }, (_, n) => `n${n}`)))
    const { status } = await there.next('sent')
    expect(status).toBe(201)
    expect(await whoGets([here, there], 'x1', 'sendMessage', `${thereFd}`, 'x1')).toEqual([0, 1])
    expect(await whoGets([here, there], 'x2', 'to', thereFd, 'x2', thereFd)).toEqual([0, 0])
  })

  test('nobody, when the connection has closed', async () => {
    const gone = await cluster.connect(1)
    const fd = await fdOf(gone)
    await gone.close()
    await does(here, 'sendMessage', fd, 'to nobody')
    expect(await does(here, 'kick', fd)).toBe(0)
    expect(await does(here, 'fdJoin', fd, 'NOWHERE')).toBe(false)
    expect(await does(here, 'fdAddCloseKey', fd, 'NOWHERE')).toBe(false)
    expect(await does(here, 'fdAddController', fd, 'Bus.Kit')).toBe(false)
    const never = 77 * 2 ** 32 + 1
    expect(await does(here, 'fdJoin', never, 'NOWHERE')).toBe(false)
    expect(await does(here, 'kick', never)).toBe(0)
    expect(await cluster.store.exists('NOWHERE', `WEBSOCKET_FdCloseSetKey_${never}`)).toBe(0)
  })

  test('a group on both machines, except whom it leaves out', async () => {
    expect(await does(here, 'fdJoin', hereFd, 'G')).toBe(true)
    expect(await does(there, 'fdJoin', thereFd, 'G')).toBe(true)
    const both = [here, there]
    expect(await whoGets(both, 'g1', 'to', 'G', 'g1')).toEqual([1, 1])
    expect(await whoGets(both, 'g2', 'sendMessage', 'G', 'g2')).toEqual([1, 1])
    expect(await whoGets(both, 'g3', 'to', 'G', 'g3', thereFd)).toEqual([1, 0])
    expect(await whoGets(both, 'g4', 'to', 'G', 'g4', hereFd)).toEqual([0, 1])
    expect(await whoGets(both, 'g5', 'to', 'G', 'g5', hereFd, thereFd)).toEqual([0, 0])
  })

  test('all connections of a user, a port, or all', async () => {
    const second = [
      await cluster.connect(0, phone('twin'), 'second'),
      await cluster.connect(1, phone('twin'), 'second'),
    ]
    const screen = await cluster.connect(1, wall('twin'))
    const [twinFd = 0, otherFd = 0] = await Promise.all(second.map(fdOf))
    const all = [here, there, ...second, screen]
    expect(await whoGets(all, 'u1', 'toUser', 'twin', 'wechatUser', 'u1')).toEqual([0, 0, 1, 1, 0])
    expect(await whoGets(all, 'u2', 'toUser', 'twin', 'wechatUser', 'u2', otherFd)).toEqual([0, 0, 1, 0, 0])
    expect(await whoGets(all, 'u3', 'toUser', 'twin', 'wall', 'u3')).toEqual([0, 0, 0, 0, 1])
    expect(await whoGets(all, 'u4', 'toUser', 'nobody', 'wall', 'u4')).toEqual([0, 0, 0, 0, 0])
    expect(await whoGets(all, 'p1', 'toPort', 'second', 'p1')).toEqual([0, 0, 1, 1, 0])
    expect(await whoGets(all, 'p2', 'toPort', 'second', 'p2', twinFd)).toEqual([0, 0, 0, 1, 0])
    expect(await whoGets(all, 'a1', 'toAll', 'a1')).toEqual([1, 1, 1, 1, 1])
    expect(await whoGets(all, 'a2', 'toAll', 'a2', hereFd, otherFd)).toEqual([0, 1, 1, 0, 1])
    await Promise.all([...second, screen].map((client) => client.close()))
  })

  test('its target with every character that it has', async () => {
    await does(here, 'fdJoin', thereFd, 'TEXTS')
    const odd = [
      '',
      '\0',
      '\u2028\u2029',
      '"\\/\b\f\n\r\t',
      '😀👩‍👩‍👧‍👦',
      '\ufeffbom',
      '\uffff',
      '\u007f\u0080',
      '\ud800 alone',
      '</script>',
      '中'.repeat(20_000),
      'x'.repeat(200_000),
      '\0'.repeat(10_000),
    ]
    for (const text of odd) {
      for (const [verb, target] of [
        ['sendMessage', thereFd],
        ['to', 'TEXTS'],
      ] as const) {
        await does(here, verb, target, text)
        await there.next(({ event, info }) => event === 'sent' && info === text)
      }
    }
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (text) => {
        await does(here, 'to', 'TEXTS', `!${text}`)
        expect((await there.next(({ event, info }) => event === 'sent' && info.startsWith('!'))).info).toBe(`!${text}`)
      }),
      { numRuns: 50 },
    )
  })

  test('nobody beside whom it names, though group names are odd', async () => {
    for (const group of ['群 *', 'G?', 'a\nb', '\0', '[x]', 'ROOM{1}', 'G\\']) {
      await does(there, 'fdJoin', thereFd, group)
      expect(await whoGets([here, there], `in ${group}`, 'to', group, `in ${group}`)).toEqual([0, 1])
      await does(there, 'fdLeave', thereFd, group)
      expect(await whoGets([here, there], `out of ${group}`, 'to', group, `out of ${group}`)).toEqual([0, 0])
    }
  })
})

describe('a kick', () => {
  test('closes a connection of another machine with its code and reason, after what was sent to it', async () => {
    const client = await cluster.connect(1)
    expect(await does(here, 'sayAndKick', await fdOf(client), await fdOf(client), 'bye')).toBe(1)
    expect(await client.closed).toEqual({ code: 4403, reason: 'kicked' })
    expect(sentTo(client)).toEqual(['bye'])
    const other = await cluster.connect(1)
    expect(await does(here, 'kick', await fdOf(other), 4999, '再见')).toBe(1)
    expect(await other.closed).toEqual({ code: 4999, reason: '再见' })
  })

  test.each(['KICKED', 'RAW_KICKED', 'SET_KICKED'])(
    'of everybody in %s counts them on all machines, and comes after what was sent',
    async (key) => {
      const clients = await Promise.all([0, 1, 2, 3, 4].map((machine) => cluster.connect(machine)))
      for (const client of clients) {
        const fd = await fdOf(client)
        if (key === 'KICKED') await does(client, 'fdJoin', fd, key)
        else await cluster.store.sadd(key, fd)
      }
      expect(await does(here, 'sayAndKick', key, key, 'bye all')).toBe(5)
      for (const client of clients) {
        expect((await client.closed).code).toBe(4403)
        expect(sentTo(client)).toEqual(['bye all'])
      }
      await cluster.store.del(key)
    },
  )

  test.each(['RAW_SET', 'SOME_SET'])('of one connection comes after what was sent to its set %s', async (key) => {
    for (let round = 0; round < 20; round++) {
      const client = await cluster.connect(round)
      const fd = await fdOf(client)
      await cluster.store.sadd(key, fd)
      expect(await does(here, 'sayAndKick', key, fd, 'bye')).toBe(1)
      await client.closed
      expect(sentTo(client)).toEqual(['bye'])
      await cluster.store.del(key)
    }
  })
})

describe('from another machine, a connection', () => {
  test('joins a group, hears it at once, and leaves it', async () => {
    const client = await cluster.connect(1)
    const fd = await fdOf(client)
    expect(await does(here, 'fdJoin', fd, 'FOREIGN')).toBe(true)
    expect(await cluster.store.smembers('FOREIGN')).toEqual([`${fd}`])
    expect(await does(here, 'groupMembers', 'FOREIGN')).toEqual([fd])
    expect(await whoGets([client], 'f1', 'to', 'FOREIGN', 'f1')).toEqual([1])
    expect(await does(here, 'fdLeave', fd, 'FOREIGN')).toBe(true)
    expect(await cluster.store.exists('FOREIGN')).toBe(0)
    expect(await whoGets([client], 'f2', 'to', 'FOREIGN', 'f2')).toEqual([0])
    await does(here, 'fdJoin', fd, 'FOREIGN')
    await client.close()
    await eventually(async () => expect(await cluster.store.exists('FOREIGN')).toBe(0))
  })

  test('hears what is sent right after a join that nobody has waited for', async () => {
    const client = await cluster.connect(1)
    const fd = await fdOf(client)
    for (let n = 0; n < 50; n++) await does(here, 'joinAndSay', fd, `SOON_${n}`, `s${n}`)
    await eventually(() => expect(sentTo(client)).toEqual(Array.from({ length: 50 }, (_, n) => `s${n}`)))
    await client.close()
  })

  test.each([0, 1])('hears what was sent before it left, and nothing sent after (machine %i)', async (machine) => {
    const client = await cluster.connect(machine)
    const fd = await fdOf(client)
    await does(there, 'fdJoin', thereFd, 'LEFT')
    for (let n = 0; n < 50; n++) {
      await does(here, 'fdJoin', fd, 'LEFT')
      await does(here, 'sayAndLeave', fd, 'LEFT', `l${n}`)
    }
    await allArrived([client])
    expect(sentTo(client).filter((text) => text.startsWith('l'))).toEqual(
      Array.from({ length: 50 }, (_, n) => `l${n} before`),
    )
    await client.close()
  })

  test('gets close keys and controllers', async () => {
    const client = await cluster.connect(1)
    const fd = await fdOf(client)
    await cluster.store.sadd('CLOSE_KEY', fd)
    await cluster.store.sadd('NO_CLOSE_KEY', fd)
    expect(await does(here, 'fdAddCloseKey', fd, 'CLOSE_KEY')).toBe(true)
    expect(await does(here, 'fdAddCloseKey', fd, 'NO_CLOSE_KEY')).toBe(true)
    expect(await does(here, 'fdRemoveCloseKey', fd, 'NO_CLOSE_KEY')).toBe(true)
    expect(await does(here, 'fdAddController', fd, 'Bus.Kit')).toBe(true)
    await client.close(4321)
    await eventually(async () => {
      expect(await cluster.store.exists('CLOSE_KEY')).toBe(0)
      expect(await cluster.store.hget('CLOSED', `${fd}`)).toBe('4321')
    })
    expect(await cluster.store.sismember('NO_CLOSE_KEY', fd)).toBe(1)
    await cluster.store.del('NO_CLOSE_KEY')
  })
})

test('who is connected is known everywhere', async () => {
  const twins = [await cluster.connect(1, phone('p1')), await cluster.connect(0, phone('p1'), 'second')]
  const [first = 0, second = 0] = await Promise.all(twins.map(fdOf))
  for (const client of [here, there]) {
    expect(await does(client, 'userFds', 'p1')).toEqual([first, second])
    expect(await does(client, 'isOnline', 'p1')).toBe(true)
    expect(await does(client, 'isOnline', 'p1', 'wall')).toBe(false)
    expect(await does(client, 'user', first)).toEqual(phone('p1'))
    expect(await does(client, 'connectionCount', 'second')).toBe(1)
    expect(await does(client, 'connectionCount', 'none')).toBe(0)
    await eventually(async () => expect(await does(client, 'connectionCount')).toBe(4))
  }
  await does(there, 'fdJoin', first, 'PRESENT')
  await does(here, 'fdJoin', first, 'PRESENT')
  await does(here, 'fdJoin', second, 'PRESENT')
  expect(await does(there, 'groupMembers', 'PRESENT')).toEqual([first, second].sort((a, b) => a - b))
  expect(await does(here, 'groupCount', 'PRESENT')).toBe(2)
  await Promise.all(twins.map((client) => client.close()))
  await eventually(async () => {
    expect(await does(there, 'isOnline', 'p1')).toBe(false)
    expect(await does(there, 'groupCount', 'PRESENT')).toBe(0)
    expect(await does(there, 'connectionCount')).toBe(2)
    expect(await cluster.store.hexists('WEBSOCKET_UIDTOFD', 'p1')).toBe(0)
  })
})
