import { createHook } from 'node:async_hooks'
import { Redis } from 'ioredis'
import { startApp, type TestApp, type User } from 'mswoole-ts/test'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { InsideSocket } from '../../../Core/Test/Inside'
import { Costs, MESSAGES_OF, turns } from './Costs'

const ROUNDS = 100
const AT_ONCE = 20 // messages a round, all in one loop turn
const MESSAGES = ROUNDS * AT_ONCE

/** What a message may have of something that it should have none of: the timers of the server go on meanwhile. */
const NOTHING = 0.1

/** What a message costs, counted instead of timed, so that a slow machine changes nothing. */
interface Cost {
  /** Asynchronous resources that Node has made for it, by kind. */
  readonly promises: number
  readonly timers: number
  /** Commands to Redis. */
  readonly commands: number
  /** Calls of the engine's `send`. */
  readonly sends: number
}

describe('what the way of a message costs', () => {
  let app: TestApp
  let user: User

  const start = async (ack: boolean) => {
    const config = { ack, limits: { rate: 0 }, setting: { max_in_flight: MESSAGES } }
    app = await startApp({ modules: { Cost: { Costs } }, config })
    user = await app.client()
    user.send({ method: 'cost.costs.join' })
    await user.none(() => false)
  }

  async function costOf(message: string): Promise<Cost> {
    const made = { PROMISE: 0, Timeout: 0 }
    const hook = createHook({
      init: (_id, type) => {
        if (type === 'PROMISE' || type === 'Timeout') made[type]++
      },
    })
    const spies = [vi.spyOn(Redis.prototype, 'sendCommand'), vi.spyOn(InsideSocket.prototype, 'send')]
    hook.enable()
    for (let round = 0; round < ROUNDS; round++) {
      for (let index = 0; index < AT_ONCE; index++) user.send(message)
      await turns(5)
    }
    hook.disable()
    await user.none(({ status }) => status >= 400)
    const [commands = 0, sends = 0] = spies.map(({ mock }) => mock.calls.length / MESSAGES)
    vi.restoreAllMocks()
    // Those that wait for the turns are the test's own: two promises a round.
    return {
      promises: (made.PROMISE - 2 * ROUNDS) / MESSAGES,
      timers: made.Timeout / MESSAGES,
      commands,
      sends,
    }
  }

  describe('with the acknowledgement off', () => {
    beforeAll(() => start(false))
    afterAll(() => app.stop())

    test.each([
      ['an action', MESSAGES_OF.plain],
      ['a checked and guarded action', MESSAGES_OF.checked],
    ])('%s without await: one send, no promise, no timer, nothing to Redis', async (_name, message) => {
      const { promises, timers, commands, sends } = await costOf(message)
      expect(sends).toBe(1)
      for (const count of [promises, timers, commands]) expect(count).toBeLessThan(NOTHING)
    })

    test('a group send on the embedded store: no promise, no timer, nothing to Redis', async () => {
      const { promises, timers, commands, sends } = await costOf(MESSAGES_OF.group)
      expect(sends).toBe(1) // to the one member
      for (const count of [promises, timers, commands]) expect(count).toBeLessThan(NOTHING)
    })

    test('a heartbeat: one send, and nothing else', async () => {
      const { promises, timers, commands, sends } = await costOf('2')
      expect(sends).toBe(1)
      for (const count of [promises, timers, commands]) expect(count).toBeLessThan(NOTHING)
    })

    test('an action that asks Redis costs all of these: they are counted', async () => {
      for (const count of Object.values(await costOf(MESSAGES_OF.slow))) expect(count).toBeGreaterThan(NOTHING)
    })
  })

  describe('with the acknowledgement on', () => {
    beforeAll(() => start(true))
    afterAll(() => app.stop())

    test('two sends, and nothing else', async () => {
      const { promises, timers, commands, sends } = await costOf(MESSAGES_OF.checked)
      expect(sends).toBe(2)
      for (const count of [promises, timers, commands]) expect(count).toBeLessThan(NOTHING)
    })
  })
})
