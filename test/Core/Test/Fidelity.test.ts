import { startApp, type TestApp } from 'mswoole-ts/test'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, type Frame } from '../../support/client'
import { Kit } from './room'

let app: TestApp
beforeAll(async () => {
  app = await startApp({
    modules: { Kit: { Kit } },
    config: { setting: { package_max_length: 1000 }, limits: { rate: 1, burst: 8 } },
    port: true,
    quiet: true,
  })
})
afterAll(() => app.stop())

/** A client, whatever carries its frames. */
interface Way {
  send(message: unknown): void
  /** Closes, and waits for the end. */
  close(code: number): Promise<unknown>
  readonly closed: Promise<{ code: number; reason: string }>
  frames(): readonly Frame[]
  next(event: string): Promise<Frame>
}

const ways: Record<string, (user: { id: string }) => Promise<Way>> = {
  'a real WebSocket': async (user) => {
    const client = await Client.connect(app.url, { type: 'wechatUser', ...user })
    return {
      send: (message) => client.send(message),
      close: (code) => client.close(code),
      closed: client.closed,
      frames: () => client.frames.all,
      next: (event) => client.next(event),
    }
  },
  'the stand-in': async (user) => {
    const client = await app.client(user)
    return {
      send: (message) => {
        try {
          client.send(message)
        } catch {
          // It has closed meanwhile: a WebSocket says nothing of it either.
        }
      },
      close: (code) => client.close(code),
      closed: client.closed,
      frames: () => client.frames,
      next: (event) => client.next(event),
    }
  },
}

/** What a client does, and everything that it gets. */
const stories: Record<string, (way: Way) => Promise<unknown>> = {
  'calls, with and without callId, what is there and what is not': async (way) => {
    way.send('2')
    way.send({ method: 'kit.kit.say', word: '<x>', callId: 1 })
    way.send({ method: 'kit.kit.say' })
    way.send({ method: 'kit.kit.throws' })
    way.send({ method: 'a.b.c.d', callId: 'last' })
    await way.next('controllerNotFound')
    await way.close(1000)
    return way.closed
  },
  'hears a group': async (way) => {
    way.send({ method: 'kit.kit.join' })
    await way.next('joined')
    way.send({ method: 'kit.kit.say', word: '你好' })
    await way.next('said')
    await way.close(4000)
    return way.closed
  },
  'is kicked': async (way) => {
    way.send({ method: 'kit.kit.kickMe' })
    return way.closed
  },
  'sends what is no JSON object': async (way) => {
    way.send('[]')
    return way.closed
  },
  'sends a frame that is too big': async (way) => {
    way.send({ method: 'kit.kit.say', word: 'x'.repeat(1000) })
    return way.closed
  },
}

describe.each(Object.entries(stories))('a client that %s', (_, story) => {
  test('gets over the stand-in what it gets over a real WebSocket', async () => {
    const accounts = []
    for (const connect of Object.values(ways)) {
      const way = await connect({ id: 'one' })
      const end = await story(way)
      accounts.push({ end, frames: way.frames() })
    }
    const [real, standIn] = accounts
    expect(real?.end).toBeDefined()
    expect(standIn).toEqual(real)
  })
})

test.each(Object.entries(ways))(
  'a client that sends too many messages is told so, then closed: over %s',
  async (_, connect) => {
    const way = await connect({ id: 'flood' })
    for (let count = 0; count < 12; count++) way.send({ method: 'kit.kit.join' })
    expect(await way.next('tooManyRequests')).toMatchObject({ status: 429, param: { from: 9 } })
    for (let count = 0; count < 200; count++) way.send({ method: 'kit.kit.join' })
    expect(await way.closed).toEqual({ code: 4429, reason: 'too many messages' })
  },
)
