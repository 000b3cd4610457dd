import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { MODES } from '../../support/modes'
import type { Server } from '../../support/server'
import { fdOf, startLife } from './life'

describe.each(MODES)('the session of a connection, %s mode', (mode) => {
  let server: Server
  let client: Client
  beforeAll(async () => {
    server = await startLife(mode)
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    client = await Client.connect(server.url())
  })
  afterEach(() => client.close())

  const set = (value: string, of?: number) =>
    client.call('life.memory.set', of === undefined ? { value } : { value, of })
  const stored = async (who = client) => (await who.call('life.memory.get')).param

  test('is empty at first, keeps what was set until it is cleared, and is nobody else’s', async () => {
    expect(await stored()).toEqual({ first: null, second: null, wrong: null })
    await set('小明')
    await client.call('life.memory.setOther', { value: 'two' })
    expect(await stored()).toEqual({ first: '小明', second: 'two', wrong: null })
    const other = await Client.connect(server.url())
    expect(await stored(other)).toEqual({ first: null, second: null, wrong: null })
    await other.close()
    await client.call('life.memory.clear')
    expect(await stored()).toEqual({ first: null, second: 'two', wrong: null })
    await set('again')
    expect(await stored()).toMatchObject({ first: 'again', wrong: null })
  })

  test('holds 4 KiB of JSON in all its slots, and keeps what it had when more is asked', async () => {
    expect(await set('x'.repeat(4094))).toMatchObject({ event: 'set' })
    expect(await set('y'.repeat(4095))).toMatchObject({ status: 500 })
    expect(await client.call('life.memory.setOther', { value: '' })).toMatchObject({ status: 500 })
    expect(await stored()).toEqual({ first: 'x'.repeat(4094), second: null, wrong: null })
    expect(await set('文'.repeat(1364))).toMatchObject({ event: 'set' })
    expect(await set('文'.repeat(1365))).toMatchObject({ status: 500 })
  })

  test('cannot be changed outside of a call', async () => {
    client.send({ method: 'life.memory.setLater' })
    expect((await client.next('later')).info).toContain('only while a message of that connection is handled')
    expect(await stored()).toMatchObject({ first: null })
  })

  test('of another connection cannot be changed, unless that one is handled, too', async () => {
    const other = await Client.connect(server.url(), phone('2'))
    expect(await set('stolen', await fdOf(other))).toMatchObject({ status: 500 })
    expect(await set('nobody’s', 4711)).toMatchObject({ status: 500 })
    expect(await stored(other)).toMatchObject({ first: null })
    await other.close()
  })
})
