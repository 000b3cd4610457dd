import { afterAll, beforeAll, expect, test } from 'vitest'
import { Client } from '../../support/client'
import { Server } from '../../support/server'

let server: Server
let client: Client
beforeAll(async () => {
  const env = { APP_MODE: 'base', APP_AUTH_CHECK: '0', APP_ACK: '0', TEST_FILTER: 'none' }
  server = await Server.start({ fixture: 'wire', env })
  client = await Client.connect(server.url(), undefined)
})
afterAll(() => server.stop())

test('APP_AUTH_CHECK=0 lets anybody in, and knows nobody: auth, code and fd are never what a client says', async () => {
  const fd = Object((await client.call('echo.echo.data')).param).fd
  expect(fd).toBeGreaterThan(0)
  const claims = { fd: 99, code: 'B', auth: { id: '2', type: 'wall' } }
  for (const action of ['echo.echo.data', 'echo.echo.loose', 'rest.rest.known', 'rest.rest.other']) {
    expect((await client.call(action, { ...claims, say: 'x' })).param, action).toEqual({ fd, say: 'x' })
  }
})

test("not even through a schema that takes a client's fd, code and auth", async () => {
  const { param } = await client.call('echo.echo.greedy', { fd: '99', code: 'B', auth: 'wall', say: 'x' })
  expect(param).toEqual({ fd: expect.any(Number), say: 'x' })
})

test('an auth string, good or bad, makes no difference then', async () => {
  const known = await Client.connect(server.url())
  expect((await known.call('echo.echo.data')).param).toEqual({ fd: expect.any(Number) })
  const wrong = await Client.connect(`${server.url()}?auth=wrong`, undefined)
  expect((await wrong.call('fail.fail.wall')).event).toBe('forbidden')
  await Promise.all([known.close(), wrong.close()])
})

test('APP_ACK=0: the answer comes without an acknowledgement', async () => {
  const before = client.texts.length
  client.send('{"method":"hello","callId":7}')
  await client.next('called')
  expect(client.texts.slice(before)).toEqual(['{"status":200,"event":"called","info":"Index.Index.hello","callId":7}'])
})

test("filter 'none': texts come as they were sent, and __proto__ does not come", async () => {
  client.send(`{"method":"echo.echo.data","say":"<b>&\\"'","__proto__":{"x":1},"in":[{"__proto__":{"x":1},"y":"<"}]}`)
  await client.next('echo')
  expect(client.texts.at(-1)).toMatch(/"param":\{"say":"<b>&\\"'","in":\[\{"y":"<"\}\],"fd":\d+\}\}$/)
})
