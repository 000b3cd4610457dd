import { describe, expect, onTestFinished, test } from 'vitest'
import type { Client } from '../../support/client'
import { eventually } from '../../support/eventually'
import { Load } from '../../support/load'
import { workersOf } from '../Faults/support'
import { Cluster, does, fdOf, measured } from './support'

const GROUPS = 10
const CLIENTS = 200

const nameOf = (group: number) => `ROOM_${group % GROUPS}`

/** A client that is in one group, and writes down what it hears. */
interface Member {
  readonly client: Client
  readonly group: string
  /** Numbers of messages to its group, in the order in which they came. */
  readonly heard: number[]
  /** Messages to other groups. */
  strange: number
  /** What it was refused. */
  readonly refusals: string[]
  /** Who waits for the answer to a message of its own, by number. */
  readonly waiting: Map<number, () => void>
}

/** Messages of one client that wait for their answers: fewer than a connection may have. */
const IN_FLIGHT = 8

async function join(cluster: Cluster, index: number): Promise<Member> {
  const client = await cluster.connect(index)
  const member: Member = {
    client,
    group: nameOf(Math.floor(index / 2)),
    heard: [],
    strange: 0,
    refusals: [],
    waiting: new Map(),
  }
  client.socket.on('message', (data) => {
    const { status, event, info, param, callId } = JSON.parse(String(data))
    if (status >= 400) member.refusals.push(String(data))
    if (event === 'done' || status >= 400) member.waiting.get(callId)?.()
    if (event !== 'said') return
    if (info === member.group) member.heard.push(Number(param))
    else member.strange++
  })
  expect(await does(client, 'fdJoin', await fdOf(client), member.group)).toBe(true)
  return member
}

const joinAll = (cluster: Cluster) => Promise.all(Array.from({ length: CLIENTS }, (_, index) => join(cluster, index)))

/** Sends messages, each when one of those before it has been answered. */
async function say({ client, waiting }: Member, messages: { group: string; n: number }[]): Promise<void> {
  const lane = async () => {
    for (let message = messages.pop(); message; message = messages.pop()) {
      const { group, n } = message
      const answered = new Promise<void>((resolve) => waiting.set(n, resolve))
      client.send({ method: 'bus.kit.say', group, n, callId: n })
      await answered
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane))
}

/** All members of a group heard the same, in the same order, nothing twice, and nothing of another group. */
function expectOneOrder(members: readonly Member[]): void {
  const orders = new Map<string, readonly number[]>()
  for (const { group, heard, strange } of members) {
    expect(strange).toBe(0)
    const first = orders.get(group) ?? heard
    orders.set(group, first)
    expect(new Set(heard).size).toBe(heard.length)
    expect(heard).toEqual(first)
  }
  expect(orders.size).toBe(GROUPS)
}

const SHAPES = [
  { title: 'two machines', machines: 2, env: { APP_WORKERS: '2' } },
  { title: 'two gateways and two workers on one machine', machines: 1, env: { APP_GATEWAYS: '2', APP_WORKERS: '2' } },
]

describe.each(SHAPES)('$title', ({ machines, env }) => {
  test('10,000 messages to 10 groups: each member gets each once, in one order, and nobody gets another group’s', async () => {
    const cluster = await Cluster.start(machines, { APP_RATE: '0', ...env })
    onTestFinished(() => cluster.stop())
    const members = await joinAll(cluster)
    const sent = new Map<string, number[]>()
    const began = performance.now()
    const messages = members.map((): { group: string; n: number }[] => [])
    for (let n = 0; n < 10_000; n++) {
      const group = nameOf(Math.floor(Math.random() * GROUPS))
      messages[Math.floor(Math.random() * CLIENTS)]?.push({ group, n })
      sent.set(group, [...(sent.get(group) ?? []), n])
    }
    await Promise.all(members.map((member, index) => say(member, messages[index] ?? [])))
    expect(members.flatMap(({ refusals }) => refusals)).toEqual([])
    await eventually(() => {
      for (const { group, heard } of members) expect(heard.length).toBeGreaterThanOrEqual(sent.get(group)?.length ?? 0)
    }, 30_000)
    measured('10,000 messages to groups of 20', { ms: Math.round(performance.now() - began) })
    expectOneOrder(members)
    for (const { group, heard } of members) expect(heard.toSorted((a, b) => a - b)).toEqual(sent.get(group))
    expect(members.filter(({ client }) => client.socket.readyState !== client.socket.OPEN)).toEqual([])
  }, 300_000)
})

test('workers are killed one after the other: nobody falls, nothing comes twice, each call is answered or named', async () => {
  const cluster = await Cluster.start(2, { APP_WORKERS: '2', APP_RATE: '0' })
  onTestFinished(() => cluster.stop())
  const members = await joinAll(cluster)
  const answered = new Map<number, string>()
  const loads = await Promise.all(
    [0, 1].map((machine) =>
      Load.connect({
        url: cluster.url(machine),
        clients: 20,
        inFlight: 2,
        method: 'bus.kit.say',
        data: (client, call) => ({ group: nameOf(client), n: (call * 20 + client) * 2 + machine }),
        onAnswer: ({ client, frame }) => answered.set(Number(frame.param), nameOf(client)),
      }),
    ),
  )
  for (const load of loads) load.run()
  for (let kill = 0; kill < 8; kill++) {
    const server = cluster.machines[kill % 2]
    const [worker] = server ? workersOf(server) : []
    if (server === undefined || worker === undefined) throw new Error('there is no worker to kill')
    // It stands still first, so that calls are inside when it dies: its gateway answers others meanwhile, and gives it what comes.
    process.kill(worker, 'SIGSTOP')
    const ofMachine = () => [...answered.keys()].filter((n) => n % 2 === kill % 2).length
    const before = ofMachine()
    await eventually(() => expect(ofMachine()).toBeGreaterThan(before + 100))
    const serves = server.logged(({ msg }) => msg === 'a new worker serves')
    process.kill(worker, 'SIGKILL')
    await serves
  }
  const accounts = await Promise.all(loads.map((load) => load.pause()))
  measured('8 kills, 40 callers, 200 members', accounts)
  for (const account of accounts) {
    const { sent, answered, named } = account
    expect(account).toMatchObject({ lost: 0, doubled: 0, outOfOrder: 0, fallen: 0, refused: 0 })
    expect(answered + named).toBe(sent)
    expect(account.statuses).toEqual({ 200: answered })
  }
  expect(accounts.reduce((sum, { named }) => sum + named, 0)).toBeGreaterThan(0) // the kills met calls
  // One more each: when it has come, all that was before it has.
  for (let group = 0; group < GROUPS; group++)
    await members[0]?.client.call('bus.kit.say', { group: nameOf(group), n: -1 })
  await eventually(() => expect(members.filter(({ heard }) => !heard.includes(-1))).toEqual([]))
  expectOneOrder(members)
  for (const { group, heard, client } of members) {
    const all = new Set(heard)
    expect([...answered].filter(([n, to]) => to === group && !all.has(n))).toEqual([]) // what was answered has been said
    expect(client.socket.readyState).toBe(client.socket.OPEN)
  }
  await Promise.all(loads.map((load) => load.close()))
}, 300_000)
