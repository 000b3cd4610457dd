import { afterAll, beforeAll, expect, test } from 'vitest'
import { Client } from '../support/client'
import { Server } from '../support/server'

let server: Server
beforeAll(async () => {
  server = await Server.start()
})
afterAll(() => server.stop())

test('a client with an auth string gets the acknowledgement and the answer, byte for byte', async () => {
  const client = await Client.connect(server.url())
  client.send('{"method":"index.index.index","name":"hello"}')
  await client.next('success')
  expect(client.texts).toEqual([
    '{"status":200,"event":"receiveMessage","info":"服务端已收到您的请求内容"}',
    '{"status":200,"event":"success","info":"执行完成"}',
  ])
  await client.close()
})

test('the heartbeat is answered', async () => {
  const client = await Client.connect(server.url())
  client.send('2')
  await client.call('index.index.index')
  expect(client.texts[0]).toBe('3')
  await client.close()
})
