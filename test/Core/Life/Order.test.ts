import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { MODES } from '../../support/modes'
import type { Server } from '../../support/server'
import { eventsOf, startLife } from './life'

describe.each(MODES)('order, %s mode', (mode) => {
  let server: Server
  beforeAll(async () => {
    server = await startLife(mode)
  })
  afterAll(() => server.stop())

  test.each([2, 20])(
    '%i messages whose handlers await are answered in order, each after its acknowledgement',
    async (count) => {
      const client = await Client.connect(server.url())
      for (let n = 0; n < count; n++) client.send({ method: 'life.turns.slow', n, callId: n })
      await client.next(({ param }) => param === count - 1)
      const expected = Array.from({ length: count }, (_, n) => [`receiveMessage ${n}`, `answer ${n}`]).flat()
      expect(client.frames.all.map(({ event, callId }) => `${event} ${callId}`)).toEqual(expected)
      await client.close()
    },
  )

  test('a message waits for the one before it, other connections do not', async () => {
    const [client, other] = await Promise.all([Client.connect(server.url()), Client.connect(server.url(), phone('2'))])
    client.send({ method: 'life.turns.hold', gate: 'order' })
    client.send({ method: 'life.turns.sync', n: 7 })
    client.send('2') // answered by the gateway: the two before it have arrived
    await eventually(() => expect(client.texts).toContain('3'))
    expect(await other.call('life.turns.sync', { n: 8 })).toMatchObject({ event: 'answer', param: 8 })
    expect(await other.call('life.turns.slow', { n: 9 })).toMatchObject({ event: 'answer', param: 9 })
    expect(eventsOf(client)).toEqual(['receiveMessage', 'holding'])

    await other.call('life.turns.open', { gate: 'order' })
    await client.next(({ param }) => param === 7)
    expect(eventsOf(client)).toEqual(['receiveMessage', 'holding', 'held', 'receiveMessage', 'answer'])
    await Promise.all([client.close(), other.close()])
  })

  test('a message that fails does not let the next one overtake it', async () => {
    const client = await Client.connect(server.url())
    for (const method of ['life.faults.rejects', 'no.such.thing', 'life.faults.throws', 'life.turns.sync']) {
      client.send({ method })
    }
    await client.next('answer')
    expect(eventsOf(client).filter((event) => event !== 'receiveMessage')).toEqual([
      'controllerError',
      'controllerNotFound',
      'controllerError',
      'answer',
    ])
    await client.close()
  })
})
