import { once } from 'node:events'
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authString, Client, phone } from '../../support/client'
import { Server } from '../../support/server'

let server: Server
beforeAll(async () => {
  server = await Server.start({ fixture: 'wire', env: { APP_MODE: 'base' } })
})
afterAll(() => server.stop())

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

async function http(method: string, path: string, headers: OutgoingHttpHeaders = {}, body = ''): Promise<Answer> {
  const asked = request({ host: '127.0.0.1', port: server.port(), method, path, headers, agent: false })
  asked.on('upgrade', (_response, socket) => socket.destroy(new Error('the handshake was accepted')))
  asked.end(body)
  const [response] = await once(asked, 'response')
  return { status: response.statusCode, headers: response.headers, body: await text(response) }
}

describe('HTTP on a public port', () => {
  test('GET / says hello', async () => {
    for (const path of ['/', '/?x=1']) {
      const { status, headers, body } = await http('GET', path)
      expect([status, body]).toEqual([200, '<h1>Hi guy!</h1>'])
      expect(headers['content-type']).toBe('text/html; charset=utf-8')
    }
  })

  test.each(['/favicon.ico', '/favicon.ico?v=1'])('GET %s is 404 and empty', async (path) => {
    expect(await http('GET', path)).toMatchObject({ status: 404, body: '' })
  })

  test.each([
    '/index.html',
    '/live',
    '//',
    '/..',
    '/../../etc/passwd',
    '/%2e%2e/package.json',
    '/%00',
    `/${'x'.repeat(3000)}`,
  ])('GET %s is 404', async (path) => {
    expect((await http('GET', path)).status).toBe(404)
  })

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is 404, with a body too', async (method) => {
    expect((await http(method, '/', { 'Content-Length': 6 }, 'a body')).status).toBe(404)
    expect((await http(method, '/index/index/index')).status).toBe(404)
  })
})

describe('a handshake that is none', () => {
  const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
  const path = () => `/?auth=${authString(phone())}`
  const handshake = (headers: OutgoingHttpHeaders) =>
    http('GET', path(), { Connection: 'Upgrade', Upgrade: 'websocket', ...headers })

  test.each([
    ['of version 8', { 'Sec-WebSocket-Key': KEY, 'Sec-WebSocket-Version': '8' }],
    ['without a version', { 'Sec-WebSocket-Key': KEY }],
    ['without a key', { 'Sec-WebSocket-Version': '13' }],
    ['with an empty key', { 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': '' }],
    ['with a key of 15 bytes', { 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25j' }],
    ['with a key that is no base64', { 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': '!'.repeat(24) }],
    ['with a Content-Length', { 'Sec-WebSocket-Key': KEY, 'Sec-WebSocket-Version': '13', 'Content-Length': '0' }],
    [
      'with a chunked body',
      { 'Sec-WebSocket-Key': KEY, 'Sec-WebSocket-Version': '13', 'Transfer-Encoding': 'chunked' },
    ],
  ])('%s is 400', async (_name, headers) => {
    expect(await handshake(headers)).toMatchObject({ status: 400, body: '' })
  })

  test('is told before anybody looks at its auth', async () => {
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Key': KEY,
      'Sec-WebSocket-Version': '8',
    }
    expect((await http('GET', '/', headers)).status).toBe(400)
    expect((await http('GET', '/', { ...headers, 'Sec-WebSocket-Version': '13' })).status).toBe(403)
  })

  test('is answered by no frame: what stands behind it is not read as one', async () => {
    const socket = connect(server.port(), '127.0.0.1')
    const lines = [
      `GET ${path()} HTTP/1.1`,
      'Host: x',
      'Connection: Upgrade',
      'Upgrade: websocket',
      `Sec-WebSocket-Key: ${KEY}`,
      'Sec-WebSocket-Version: 13',
      'Content-Length: 7',
    ]
    socket.end(
      Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x32])]),
    )
    const answer = await text(socket)
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).not.toContain('101')
  })

  test('harms nobody', async () => {
    const garbage = connect(server.port(), '127.0.0.1')
    garbage.on('error', () => {}) // the server may reset it
    garbage.end('\0\0GARBAGE\r\n\r\n')
    await once(garbage.resume(), 'close')
    const client = await Client.connect(server.url())
    expect((await client.call('index.index.index')).event).toBe('success')
    await client.close()
  })
})
