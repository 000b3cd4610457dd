import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { Cache, isStoreAway, type Redis } from '../../../Library/Cache/Cache'
import { type RedisServer, startRedis } from '../../support/redis'

/** More than a command waits for an answer, and more than a silent connection is kept; in milliseconds. */
const LONG_MS = 1500

let server: RedisServer
let client: Redis
beforeAll(async () => {
  server = await startRedis()
})
afterAll(() => server.stop())
beforeEach(async () => {
  Cache.configure({ master: { url: server.url } })
  await Cache.ready('master', 20_000)
  client = Cache.get('master')
})
afterEach(async () => {
  await server.kill('SIGCONT')
  await Cache.close()
})

/** This process does nothing for so long: user code computes, or the machine stood still. */
function standStill(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

/** The outcome of a command and of a pipeline that are on their way while we stand still, and how often the connection ended. */
async function whileStanding(meanwhile: () => void) {
  let ends = 0
  client.on('close', () => ends++)
  const answers = Promise.allSettled([client.incr('count'), client.pipeline().incr('count').exec()])
  await turn() // they have been written
  meanwhile()
  return { answers: await answers, ends }
}

it('an answer that came while the process stood still is no timeout, and its connection stays', async () => {
  await client.set('count', 0)
  const { answers, ends } = await whileStanding(() => standStill(LONG_MS))
  expect(answers).toEqual([
    { status: 'fulfilled', value: 1 },
    { status: 'fulfilled', value: [[null, 2]] },
  ])
  expect(ends).toBe(0)
})

it('nor is one that comes because Redis stood still with it', async () => {
  await client.set('count', 0)
  await server.kill('SIGSTOP')
  const { answers, ends } = await whileStanding(() => {
    standStill(LONG_MS)
    process.kill(server.pid, 'SIGCONT')
  })
  expect(answers).toEqual([
    { status: 'fulfilled', value: 1 },
    { status: 'fulfilled', value: [[null, 2]] },
  ])
  expect(ends).toBe(0)
})

it('so it is with a subscription', async () => {
  const subscriber = Cache.subscriber('master')
  await subscriber.subscribe('one')
  let ends = 0
  subscriber.on('close', () => ends++)
  const second = subscriber.subscribe('two')
  await turn()
  standStill(LONG_MS)
  expect(await second).toBe(2)
  expect(ends).toBe(0)
  subscriber.disconnect()
})

it('a Redis that is silent also afterwards is given up', async () => {
  await server.kill('SIGSTOP')
  const gone = new Promise((resolve) => client.once('close', resolve))
  const { answers } = await whileStanding(() => standStill(LONG_MS))
  const [single, pipeline] = answers
  expect(single).toMatchObject({ status: 'rejected', reason: { message: 'Command timed out' } })
  expect(isStoreAway(Object(pipeline).value[0][0])).toBe(true) // that of a pipeline is in its results
  await gone
})
