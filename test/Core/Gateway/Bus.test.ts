import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { Bus } from '../../../Core/Gateway/Bus'
import { Elsewhere } from '../../../Core/Gateway/Elsewhere'
import { instanceChannel } from '../../../Core/Record/Keys'
import { Cache } from '../../../Library/Cache/Cache'
import { type RedisServer, startRedis } from '../../support/redis'

const INSTANCE = 7

let redis: RedisServer
let bus: Bus
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())
beforeEach(async () => {
  // Commands may take longer than this process stands still: it is the bus that is asked for its patience.
  const patient = { commandTimeout: 60_000, socketTimeout: 60_000 }
  Cache.configure({ bus: { url: redis.url, options: { ...patient, autoResubscribe: false } } })
  bus = new Bus(Cache.get('bus'), Cache.subscriber('bus'))
  await Cache.ready('bus', 20_000)
  await bus.listen(instanceChannel(INSTANCE))
})
afterEach(async () => {
  bus.close()
  await Cache.close()
})

/** This process does nothing for so long: the machine stood still, say. */
function standStill(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

test('a channel that Redis has confirmed while the gateway stood still is listened to', async () => {
  const listening = bus.listen('CHANNEL')
  await turn() // it has been asked for
  standStill(1500)
  await listening
  expect(bus.hears('CHANNEL')).toBe(true)
})

test('what another gateway has answered while this one stood still is its answer', async () => {
  const elsewhere = new Elsewhere(bus, INSTANCE, async () => true)
  bus.serve((envelope) => {
    if (envelope.kind === 'question') elsewhere.asked(envelope)
    if (envelope.kind === 'answer') elsewhere.answered(envelope)
    return 0
  })
  const asked = elsewhere.ask(INSTANCE, 'isOpen', 1, '')
  await turn()
  standStill(3000)
  expect(await asked).toBe(true)
})
