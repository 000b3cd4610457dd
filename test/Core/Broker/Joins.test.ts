import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from '../../support/client'
import { eventually } from '../../support/eventually'
import { Cluster, does, fdOf, measured, sentTo } from './support'

let cluster: Cluster
beforeAll(async () => {
  cluster = await Cluster.start(2)
})
afterAll(() => cluster.stop())

interface Guest {
  readonly client: Client
  readonly fd: number
}

async function guests(count: number): Promise<Guest[]> {
  const clients = await Promise.all(Array.from({ length: count }, (_, index) => cluster.connect(index)))
  return Promise.all(clients.map(async (client) => ({ client, fd: await fdOf(client) })))
}

const leaveAll = (all: readonly Guest[]) => Promise.all(all.map(({ client }) => client.close()))

test('whoever has joined hears what another machine sends at once: 3,000 joins under load', async () => {
  const all = await guests(40)
  const [noisy] = await guests(1)
  await does(all[1]?.client ?? all[0]?.client ?? never(), 'fdJoin', all[1]?.fd ?? 0, 'NOISE')
  let noise = true
  const makeNoise = async () => {
    while (noise) await noisy?.client.call('bus.kit.flood', { group: 'NOISE', from: 0, to: 50, text: 'noise' })
  }
  const made = makeNoise()
  const began = performance.now()
  const worker = async ({ client, fd }: Guest, index: number) => {
    const other = all[index % 2 === 0 ? index + 1 : index - 1] ?? never()
    for (let round = 0; round < 75; round++) {
      const group = `JOINED_${index}_${round}`
      expect(await does(client, 'fdJoin', fd, group)).toBe(true)
      other.client.send({ method: 'bus.kit.do', verb: 'to', args: [group, group] })
      await client.next(({ event, info }) => event === 'sent' && info === group)
      await does(client, 'fdLeave', fd, group)
    }
  }
  await Promise.all(all.map(worker))
  noise = false
  await made
  measured('3,000 joins, each with a message and a leave', { ms: Math.round(performance.now() - began) })
  await leaveAll([...all, ...(noisy ? [noisy] : [])])
  await eventually(async () => expect(await cluster.channels()).toEqual([]))
}, 300_000)

test('what an action sends after a join that it has not waited for arrives', async () => {
  const [guest = never()] = await guests(1)
  const { client, fd } = guest
  const texts = Array.from({ length: 300 }, (_, n) => `own ${n}`)
  for (const text of texts) client.send({ method: 'bus.kit.do', verb: 'joinAndSay', args: [fd, text, text] })
  await eventually(() => expect(sentTo(client)).toHaveLength(texts.length))
  expect(sentTo(client)).toEqual(texts)
  await client.close()
  await eventually(async () => expect(await cluster.channels()).toEqual([]))
})

test('a group into which people come all the while still gets its messages', async () => {
  const all = await guests(20)
  const [reader = never(), sender = never()] = await guests(2)
  await does(reader.client, 'fdJoin', reader.fd, 'STORM')
  let storm = true
  const rounds = all.map(async ({ fd }, index) => {
    // From the sender's machine, which therefore always waits for somebody.
    const { client } = all[index % 2 === 0 ? index : index - 1] ?? never()
    while (storm) await Promise.all([does(client, 'fdJoin', fd, 'STORM'), does(client, 'fdLeave', fd, 'STORM')])
  })
  for (let n = 0; n < 20; n++) {
    await does(sender.client, 'to', 'STORM', `storm ${n}`)
    await reader.client.next(({ event, info }) => event === 'sent' && info === `storm ${n}`)
  }
  storm = false
  await Promise.all(rounds)
  await leaveAll([...all, reader, sender])
})

test('after any joins and leaves, the set, the channel and who hears a message agree', async () => {
  const all = await guests(6)
  const groups = ['M_0', 'M_1', 'M_2']
  const step = fc.record({
    who: fc.nat({ max: all.length - 1 }),
    group: fc.constantFrom(...groups),
    verb: fc.constantFrom('fdJoin', 'fdLeave'),
    waits: fc.boolean(),
  })
  let run = 0
  const model = new Map(groups.map((group) => [group, new Set<Guest>()]))
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 60, maxLength: 100 }), async (steps) => {
      run++
      const done: Promise<unknown>[] = []
      for (const { who, group, verb, waits } of steps) {
        const guest = all[who] ?? never()
        done.push(does(guest.client, verb, guest.fd, group))
        if (verb === 'fdJoin') model.get(group)?.add(guest)
        else model.get(group)?.delete(guest)
        if (waits) await done.at(-1)
      }
      await Promise.all(done)
      const expected = groups.filter((group) => model.get(group)?.size)
      await eventually(async () => {
        expect(await cluster.channels()).toEqual(expected.map((group) => `WEBSOCKET_BUS_GROUP_${group}`))
      })
      for (const group of groups) {
        const fds = [...(model.get(group) ?? [])].map(({ fd }) => `${fd}`)
        expect((await cluster.store.smembers(group)).sort()).toEqual(fds.sort())
        await does(all[run % 6]?.client ?? never(), 'to', group, `${group} ${run}`)
      }
      await does(all[run % 6]?.client ?? never(), 'toAll', `end ${run}`)
      for (const guest of all) {
        await guest.client.next(({ event, info }) => event === 'sent' && info === `end ${run}`)
        const heard = sentTo(guest.client).filter((text) => /^M_/.test(text) && text.endsWith(` ${run}`))
        expect(heard.sort()).toEqual(expected.filter((group) => model.get(group)?.has(guest)).map((g) => `${g} ${run}`))
      }
    }),
    { numRuns: 15, endOnFailure: true },
  )
  for (const { client } of all.slice(0, 3)) client.reset()
  await leaveAll(all.slice(3))
  await eventually(async () => {
    expect(await cluster.channels()).toEqual([])
    expect(await cluster.store.exists(...groups)).toBe(0)
  })
}, 300_000)

function never(): never {
  throw new Error('there are as many guests as were asked for')
}
