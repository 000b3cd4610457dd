import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { MODES } from '../../support/modes'
import type { Server } from '../../support/server'
import { gatewayOf } from '../Faults/support'
import { eventsOf, fdOf, startLife } from './life'

const BURST = 10_000

describe.each(MODES)('faults of user code, %s mode', (mode) => {
  let server: Server
  let client: Client
  let other: Client
  beforeAll(async () => {
    server = await startLife(mode, { TEST_TIMEOUT: '3', TEST_IN_FLIGHT: `${BURST}` })
    client = await Client.connect(server.url())
    other = await Client.connect(server.url(), phone('2'))
  })
  afterAll(async () => {
    await other.close()
    await server.stop()
  })

  const answers = async (who: Client) =>
    expect(await who.call('life.turns.sync', { n: 1 })).toMatchObject({ status: 200, param: 1 })

  test.each([
    ['throws', 'throws', 'thrown on purpose'],
    ['rejects', 'rejects', 'rejected on purpose'],
    ['throws a text', 'throwsText', 'a text'],
    ['rejects with nothing', 'rejectsNothing', undefined],
    ['returns something that pretends to be a promise', 'badThen', 'no promise at all'],
    ['sends a circle', 'circular', 'circular structure'],
    ['sends a BigInt', 'bigint', 'BigInt'],
    ['refuses with a circle', 'refusesCircular', 'circular structure'],
    ['refuses with a circle after an await', 'refusesCircularLater', 'circular structure'],
  ])('an action that %s is answered 500, the reason stands in the log only', async (_, action, reason) => {
    const frame = await client.call(`life.faults.${action}`)
    expect(frame).toEqual({ status: 500, event: 'controllerError', info: '程序错误', callId: frame.callId })
    const line = await server.logged(
      ({ msg, action: name }) => msg === 'an action failed' && name === `Life.Faults.${action}`,
    )
    if (reason) expect(JSON.stringify(line.err)).toContain(reason)
    await Promise.all([answers(client), answers(other)])
    expect(eventsOf(client)).not.toContain(action)
  })

  test('nothing happens after refuse()', async () => {
    const frame = await client.call('life.faults.refuses')
    expect(frame).toMatchObject({ status: 418, event: 'teapot', info: 'short and stout', param: { spout: true } })
    await answers(client)
    expect(eventsOf(client)).not.toContain('afterRefusal')
  })

  test('an action that never ends gets its 504, and the next messages go on', async () => {
    const hanging = client.call('life.faults.never')
    const next = client.call('life.turns.sync', { n: 2 })
    await answers(other)
    expect(await hanging).toMatchObject({ status: 504, event: 'controllerTimeout', info: '程序执行超时' })
    expect(await next).toMatchObject({ param: 2 })
    await server.logged(({ msg, action }) => action === 'Life.Faults.never' && msg.includes('504'))
  })

  test('what comes after the 504 goes nowhere and is logged', async () => {
    expect(await client.call('life.faults.late', { gate: 'late' })).toMatchObject({ status: 504 })
    await other.call('life.turns.open', { gate: 'late' })
    const late = (text: string) =>
      server.logged(({ msg, action }) => action === 'Life.Faults.late' && msg.includes(text))
    const dropped = await late('dropped')
    expect(dropped).toMatchObject({ level: 'warn', event: 'lateReply', fd: await fdOf(client) })
    await late('dropped')
    await late('failed after')
    await answers(client)
    expect(eventsOf(client)).not.toContain('lateReply')
    expect(eventsOf(client).filter((event) => event === 'controllerTimeout')).toHaveLength(2)
  })

  test('the signal of a call is aborted when its time is over', async () => {
    const began = performance.now()
    const answer = client.call('life.faults.watches', { watcher: await fdOf(other) })
    await other.next('watching')
    await other.next('aborted')
    expect(performance.now() - began).toBeGreaterThan(2900)
    expect(await answer).toMatchObject({ status: 504 })
  })

  test('a rejection that nobody handles is logged and costs nobody anything', async () => {
    await client.call('life.faults.unhandled', {}, 10).catch(() => {}) // it sends no reply
    const line = await server.logged(({ msg }) => msg === 'nobody handled the rejection of a promise')
    expect(JSON.stringify(line.err)).toContain('a rejection that nobody handles')
    await Promise.all([answers(client), answers(other)])
  })

  test(`a burst of ${BURST} calls is answered to the last, and holds nobody else up`, async () => {
    const busy = await Client.connect(server.url(), phone('3'))
    // Both are at the gateway's door when it goes on, however long it took to bring them there.
    const gateway = gatewayOf(server)
    process.kill(gateway, 'SIGSTOP')
    for (let n = 0; n < BURST; n++) busy.send({ method: 'life.turns.turn', n })
    const meanwhile = Promise.all(Array.from({ length: 5 }, () => other.call('life.turns.turned')))
    process.kill(gateway, 'SIGCONT')
    for (const { param } of await meanwhile) expect(param).toBeLessThan(BURST)
    await busy.next(({ param }) => param === BURST - 1, 60_000)
    const numbers = busy.frames.all.filter(({ event }) => event === 'answer').map(({ param }) => param)
    expect(numbers).toEqual(Array.from({ length: BURST }, (_, n) => n))
    await busy.close()
  })

  test('a throw in a timer is logged, and no connection falls', async () => {
    client.send({ method: 'life.faults.timer' })
    const line = await server.logged(({ level }) => level === 'fatal')
    expect(JSON.stringify(line)).toContain('thrown in a timer')
    // In process mode the worker is replaced: for that long, calls are answered 503.
    await eventually(async () => {
      for (const who of [client, other]) await who.call('life.turns.sync', {}, 2000)
    })
    await client.close()
  })
})
