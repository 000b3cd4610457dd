import { createHook } from 'node:async_hooks'
import { Redis } from 'ioredis'
import { type App, action, type Data } from 'mswoole-ts'
import { startApp, type TestApp, type User } from 'mswoole-ts/test'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { InsideSocket } from '../../Core/Test/Inside'

const Plain = action()
const Checked = action({ for: 'wechatUser', data: z.object({ text: z.string() }) })

class Costs {
  @Plain
  plain(app: App, data: Data<typeof Plain>) {
    app.sendSuccessMessage(data.fd, 'done', '执行完成')
  }

  @Checked
  checked(app: App, data: Data<typeof Checked>) {
    app.sendSuccessMessage(data.fd, 'done', '执行完成', data.text)
  }

  @Checked
  group(app: App, data: Data<typeof Checked>) {
    app.to('COST_GROUP').send('done', '执行完成', data.text)
  }

  @Plain
  async slow(app: App, data: Data<typeof Plain>) {
    await app.groupCount('COST_GROUP')
    app.sendSuccessMessage(data.fd, 'done', '执行完成')
  }

  @Plain
  join(app: App, data: Data<typeof Plain>) {
    app.fdJoin(data.fd, 'COST_GROUP')
  }
}

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

  /** Resolves some loop turns later, with nothing but immediates. */
  const turns = (count: number) =>
    new Promise<void>((resolve) => {
      const next = (left: number) => (left === 0 ? resolve() : setImmediate(next, left - 1))
      next(count)
    })

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

  const text = '<b>some words</b>'
  const PLAIN = JSON.stringify({ method: 'cost.costs.plain', text })
  const CHECKED = JSON.stringify({ method: 'cost.costs.checked', text })
  const GROUP = JSON.stringify({ method: 'cost.costs.group', text })
  const SLOW = JSON.stringify({ method: 'cost.costs.slow', text })

  describe('with the acknowledgement off', () => {
    beforeAll(() => start(false))
    afterAll(() => app.stop())

    test.each([
      ['an action', PLAIN],
      ['a checked and guarded action', CHECKED],
    ])('%s without await: one send, no promise, no timer, nothing to Redis', async (_name, message) => {
      const { promises, timers, commands, sends } = await costOf(message)
      expect(sends).toBe(1)
      for (const count of [promises, timers, commands]) expect(count).toBeLessThan(NOTHING)
    })

    test('a group send on the embedded store: no promise, no timer, nothing to Redis', async () => {
      const { promises, timers, commands, sends } = await costOf(GROUP)
      expect(sends).toBe(1) // to the one member
      for (const count of [promises, timers, commands]) expect(count).toBeLessThan(NOTHING)
    })

    test('a heartbeat: one send, and nothing else', async () => {
      const { promises, timers, commands, sends } = await costOf('2')
      expect(sends).toBe(1)
      for (const count of [promises, timers, commands]) expect(count).toBeLessThan(NOTHING)
    })

    test('an action that asks Redis costs all of these: they are counted', async () => {
      for (const count of Object.values(await costOf(SLOW))) expect(count).toBeGreaterThan(NOTHING)
    })
  })

  describe('with the acknowledgement on', () => {
    beforeAll(() => start(true))
    afterAll(() => app.stop())

    test('two sends, and nothing else', async () => {
      const { promises, timers, commands, sends } = await costOf(CHECKED)
      expect(sends).toBe(2)
      for (const count of [promises, timers, commands]) expect(count).toBeLessThan(NOTHING)
    })
  })
})
