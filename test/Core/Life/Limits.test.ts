import { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authString, Client, phone, refused } from '../../support/client'
import { eventually } from '../../support/eventually'
import { MODES } from '../../support/modes'
import type { Server } from '../../support/server'
import { does, eventsOf, startLife } from './life'

const BURST = 50
const IN_FLIGHT = 40
const PER_IP = 3
/** Messages a second: a burst is allowed again after the time in which refusals are gathered. */
const RATE = 2000
const LONGEST_FRAME = 16_384

interface Run {
  readonly from: number
  readonly count: number
}

const runsOf = ({ frames }: Client): Run[] =>
  frames.all.filter(({ event }) => event === 'tooManyRequests').map(({ param }) => Object(param))

/** Sends these in one write: they arrive together, whatever else the machine does meanwhile. */
function sendTogether(client: Client, messages: readonly unknown[]): void {
  const socket: unknown = Reflect.get(client.socket, '_socket')
  if (!(socket instanceof Socket)) throw new Error('this is no client with a socket')
  socket.cork()
  for (const message of messages) client.send(message)
  socket.uncork()
}

describe.each(MODES)('limits, %s mode', (mode) => {
  let server: Server
  beforeAll(async () => {
    server = await startLife(mode, {
      APP_RATE: `${RATE}`,
      TEST_BURST: `${BURST}`,
      TEST_IN_FLIGHT: `${IN_FLIGHT}`,
      TEST_PER_IP: `${PER_IP}`,
    })
  })
  afterAll(() => server.stop())

  test('an address has its number of connections; the next handshake is refused with 429', async () => {
    const open = () => Client.connect(server.url())
    const clients = await Promise.all(Array.from({ length: PER_IP }, open))
    const url = `${server.url()}?auth=${encodeURIComponent(authString(phone()))}`
    expect(await refused(url)).toEqual({ status: 429, message: 'too many connections' })
    expect(await clients[0]?.call('life.turns.sync')).toMatchObject({ status: 200 })
    await clients.pop()?.close()
    await eventually(async () => {
      clients.push(await open())
    })
    await Promise.all(clients.map((client) => client.close()))
  })

  test('a frame of the full length is served, one byte more closes with 1009', async () => {
    const client = await Client.connect(server.url())
    const shell = JSON.stringify({ method: 'life.turns.sync', pad: '' })
    client.send(shell.replace('""', `"${'x'.repeat(LONGEST_FRAME - shell.length)}"`))
    await client.next('answer')
    client.send(shell.replace('""', `"${'x'.repeat(LONGEST_FRAME - shell.length + 1)}"`))
    expect(await client.closed).toEqual({ code: 1009, reason: 'frame too big' })
    expect(eventsOf(client)).toEqual(['receiveMessage', 'answer'])
  })

  test('a frame far over the limit closes, too, and is not gathered first', async () => {
    const client = await Client.connect(server.url())
    client.send(`{"method":"life.turns.sync","pad":"${'x'.repeat(10_000_000)}"}`)
    const { code } = await client.closed
    expect([1006, 1009]).toContain(code)
    expect(client.frames.all).toEqual([])
  })

  test('of a flood each frame is either answered or named in a 429, heartbeats not counted', async () => {
    const client = await Client.connect(server.url())
    const frames = 200
    const flood = Array.from({ length: frames }, (_, n) => ({ method: 'life.turns.sync', callId: n + 1 }))
    sendTogether(
      client,
      flood.flatMap((message) => (message.callId % 3 === 0 ? [message, '2'] : [message])),
    )
    await eventually(() => {
      const answered = client.frames.all.filter(({ event }) => event === 'answer').map(({ callId }) => Number(callId))
      const refusedOnes = runsOf(client).flatMap(({ from, count }) => Array.from({ length: count }, (_, n) => from + n))
      expect(answered.length).toBeGreaterThanOrEqual(Math.floor((BURST * 3) / 4)) // a quarter of the burst are heartbeats
      expect(refusedOnes.length).toBeGreaterThan(0)
      const union = [...answered, ...refusedOnes].sort((a, b) => a - b)
      expect(union).toEqual(Array.from({ length: frames }, (_, n) => n + 1))
    })
    const [reply] = client.frames.all.filter(({ event }) => event === 'tooManyRequests')
    expect(reply).toMatchObject({ status: 429, info: '请求过于频繁', param: { from: expect.any(Number) } })
    expect(runsOf(client).length, 'one reply for each run').toBeLessThan(frames / 4)
    expect(client.texts.filter((text) => text === '3')).toHaveLength(Math.floor(frames / 3))
    await client.close()
  })

  test('a flood that goes on is closed with 4429, other clients are answered meanwhile', async () => {
    const [client, other] = await Promise.all([Client.connect(server.url()), Client.connect(server.url(), phone('2'))])
    sendTogether(
      client,
      Array.from({ length: 5000 }, (_, n) => ({ method: 'life.turns.sync', n })),
    )
    expect(await other.call('life.turns.sync')).toMatchObject({ status: 200 })
    expect(await client.closed).toEqual({ code: 4429, reason: 'too many messages' })
    await other.close()
  })

  test('calls under way are limited; that does not count as a flood', async () => {
    const [client, other] = await Promise.all([Client.connect(server.url()), Client.connect(server.url(), phone('2'))])
    client.send({ method: 'life.turns.hold', gate: 'full' })
    await client.next('holding')
    let sent = 1
    const send = (count: number) => {
      const calls = Array.from({ length: count }, () => ({ method: 'life.turns.sync', callId: ++sent }))
      sendTogether(client, calls)
    }
    send(IN_FLIGHT - 1)
    // More than ten bursts. The gateway tells of refusals after 20 ms: time for 40 messages.
    for (const count of [5, ...Array.from({ length: 22 }, () => BURST / 2)]) {
      const before = sent
      send(count)
      await client.next(({ param }) => Object(param).from === before + 1)
      expect(runsOf(client).at(-1)).toEqual({ from: before + 1, count })
    }
    await other.call('life.turns.open', { gate: 'full' })
    await client.next(({ event, callId }) => event === 'answer' && callId === IN_FLIGHT)
    expect(eventsOf(client).filter((event) => event === 'answer')).toHaveLength(IN_FLIGHT - 1)
    await does(client, 'groupCount', 'NONE') // still open
    await Promise.all([client.close(), other.close()])
  })
})
