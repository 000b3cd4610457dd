import { once } from 'node:events'
import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Client, refused } from '../../support/client'
import { Server } from '../../support/server'

const BUDGET_MS = 2500
const FRAME = 16_384

let server: Server
let good: Client
beforeAll(async () => {
  server = await Server.start({ fixture: 'wire' })
  good = await Client.connect(server.url())
})
afterAll(() => server.stop())

/** The property: whatever was thrown at the server, it answers one who was there before, and the next one who comes. */
async function lives(): Promise<void> {
  expect((await good.call('index.index.index')).event).toBe('success')
  const next = await Client.connect(server.url())
  expect((await next.call('echo.echo.reach')).param).toEqual(['auth', 'code', 'fd', 'id', 'nickname', 'type'])
  next.socket.terminate()
}

/** Throws frames at the server, on as many connections as it closes, and waits until it has answered or closed each. */
async function throwAt(frames: readonly (string | Uint8Array)[]): Promise<void> {
  let client = await Client.connect(server.url())
  for (const frame of frames) {
    client.socket.send(frame)
    const answer = client.call('index.index.index').then(
      () => 0,
      () => 0,
    )
    const code = await Promise.race([answer, client.closed.then(({ code }) => code)])
    if (code === 0) continue
    expect([1007, 1009, 4400]).toContain(code)
    client = await Client.connect(server.url())
  }
  client.socket.terminate()
}

const run = (frame: fc.Arbitrary<string | Uint8Array>) =>
  fc.assert(
    fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 6 }), async (frames) => {
      await throwAt(frames)
      await lives()
    }),
    { numRuns: 100, interruptAfterTimeLimit: BUDGET_MS },
  )

const method = fc.oneof(
  fc.string(),
  fc.constantFrom(
    'echo.echo.data',
    'echo.echo.short',
    'echo.echo.loose',
    'fail.fail.throws',
    'rest.rest.x',
    '..',
    'a.b.c.d',
  ),
  fc.jsonValue(),
)
const names = fc.oneof(
  fc.string(),
  fc.constantFrom('__proto__', 'constructor', 'fd', 'code', 'auth', 'callId', 'say', 'inner'),
)
const data = fc.dictionary(names, fc.jsonValue(), { maxKeys: 6 })

test('arbitrary text', () => run(fc.string({ unit: 'binary', maxLength: 3000 })))

test('arbitrary JSON', () => run(fc.json()))

test('arbitrary calls', () => run(fc.tuple(method, data).map(([method, data]) => JSON.stringify({ ...data, method }))))

test('arbitrary bytes', () => run(fc.uint8Array({ maxLength: 3000 })))

test('JSON that is nested 10,000 levels deep, or wide, within one frame', async () => {
  const call = (method: string, value: string) => `{"method":"${method}","inner":${value}}`
  const values = [
    '['.repeat(8000) + ']'.repeat(8000),
    `${'{"a":'.repeat(2600)}1${'}'.repeat(2600)}`,
    `[${'{},'.repeat(5000)}0]`,
    `${'[[[[],'.repeat(2000)}0${']'.repeat(2000)}`,
    `"${'\\u0000'.repeat(2500)}"`,
    `"${'<'.repeat(16_000)}"`,
    `1e${'9'.repeat(16_000)}`,
  ]
  const methods = ['echo.echo.data', 'echo.echo.loose', 'echo.echo.short', 'rest.rest.x', 'echo.echo.reach']
  const frames = values.flatMap((value) => methods.map((method) => call(method, value)))
  for (const frame of frames) expect(frame.length).toBeLessThan(FRAME)
  await throwAt([...frames, '['.repeat(10_000), '{"a":'.repeat(3000), '['.repeat(8192) + ']'.repeat(8192)])
  await lives()
})

test('bytes on a connection that are no WebSocket', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 500 }), fc.boolean(), async (bytes, upgraded) => {
      if (upgraded) {
        const client = await Client.connect(server.url())
        const socket: unknown = Reflect.get(client.socket, '_socket')
        Reflect.apply(Reflect.get(Object(socket), 'end'), socket, [bytes])
        await client.closed
      } else {
        const socket = connect(server.port(), '127.0.0.1')
        socket.on('error', () => {}) // a reset is an answer, too
        socket.end(bytes)
        await once(socket.resume(), 'close')
      }
    }),
    { numRuns: 60, interruptAfterTimeLimit: BUDGET_MS },
  )
  await lives()
})

test('arbitrary auth strings and paths', async () => {
  await fc.assert(
    fc.asyncProperty(fc.webPath(), fc.string({ maxLength: 500 }), async (path, auth) => {
      const { status } = await refused(`${server.url()}${path.slice(1)}?auth=${encodeURIComponent(auth)}`)
      expect(status).toBe(403)
    }),
    { numRuns: 200, interruptAfterTimeLimit: BUDGET_MS },
  )
  await lives()
})

test('no process has died of it, and nothing was logged as a fault but what the fixture throws', async () => {
  await good.close()
  const faults = server.log.all.filter(({ level }) => level === 'error' || level === 'fatal')
  expect(faults.filter(({ action }) => action !== 'Fail.Fail.throws')).toEqual([])
  expect(server.process.exitCode).toBeNull()
  expect(server.log.all.filter(({ msg }) => msg === 'started')).toHaveLength(1)
})
