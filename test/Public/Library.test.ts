import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import { connect, miniProgram, type SocketTask } from '../../Public/static/client.js'
import { measured } from '../Core/Faults/support'
import { authString, phone } from '../support/client'
import { Server } from '../support/server'

const run = promisify(execFile)

let server: Server
beforeAll(async () => {
  server = await Server.start({ fixture: 'client', env: { APP_MODE: 'base' } })
})
afterAll(() => server.stop())

test('the library is under 5 kB gzip', () => {
  const bytes = gzipSync(readFileSync('Public/static/client.js'), { level: 9 }).length
  measured('the client library, gzip', { bytes })
  expect(bytes).toBeLessThan(5000)
})

test('it is at /client.js of a project that has no such file', async () => {
  const response = await fetch(`http://127.0.0.1:${server.port()}/client.js`)
  expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  expect(await response.text()).toBe(readFileSync('Public/static/client.js', 'utf8'))
})

test('Node imports it by the name of the package, without a warning', async () => {
  const script = `
    import { connect } from 'mswoole-ts/client'
    import WebSocket from 'ws'
    const client = connect(process.argv[1], { auth: process.argv[2], open: (url) => new WebSocket(url) })
    console.log((await client.call('chat.room.say', { text: 'x' })).event)
    client.close()`
  const args = ['--input-type=module', '-e', script, server.url(), authString(phone('import'))]
  const { stdout, stderr } = await run(process.execPath, args)
  expect([stdout, stderr]).toEqual(['sayDone\n', ''])
})

/** What `wx` has of sockets, over a real one. */
function wxDouble() {
  return {
    connectSocket({ url }: { url: string }): SocketTask {
      const socket = new WebSocket(url)
      return {
        send: ({ data }) => socket.send(data),
        close: ({ code = 1000, reason = '' }) => socket.close(code, reason),
        onOpen: (handler) => void socket.on('open', () => handler()),
        onMessage: (handler) => void socket.on('message', (data) => handler({ data: String(data) })),
        onClose: (handler) => void socket.on('close', (code, reason) => handler({ code, reason: String(reason) })),
        onError: (handler) => void socket.on('error', ({ message }) => handler({ errMsg: message })),
      }
    },
  }
}

test('a WeChat mini-program connects by its own sockets: calls, events, a close with its code', async () => {
  const client = connect(server.url(), { auth: authString(phone('wx')), open: miniProgram(wxDouble()) })
  const said = new Promise((resolve) => client.on('said', ({ info }) => resolve(info)))
  const closed = new Promise((resolve) => client.onState((state, { code }) => state === 'closed' && resolve(code)))
  expect(await client.call('chat.room.join')).toMatchObject({ event: 'joined', info: '加入成功' })
  await client.call('chat.room.say', { text: '你好' })
  expect(await said).toBe('你好')
  client.call('chat.room.kick', { closeCode: 4409, reason: 'newer' }).catch(() => {})
  expect(await closed).toBe(4409)
})

test('calls beyond the queue are refused while there is no connection, and what is closed refuses all', async () => {
  const client = connect('ws://127.0.0.1:9/', { open: (url) => new WebSocket(url), queue: 2, timeout: 60_000 })
  client.onError(() => {})
  const [first, second, third] = [1, 2, 3].map(() => client.call('chat.room.join'))
  await expect(third).rejects.toMatchObject({ status: 0, event: 'offline' })
  client.close()
  for (const call of [first, second, client.call('x')]) await expect(call).rejects.toMatchObject({ event: 'closed' })
})

test('what a handler throws is told as an error, and reaches nobody else', async () => {
  const client = connect(server.url(), { auth: authString(phone('thrower')), open: (url) => new WebSocket(url) })
  const errors: string[] = []
  client.onError(({ message }) => errors.push(message))
  client.on('said', () => {
    throw new Error('my own fault')
  })
  const heard = new Promise((resolve) => client.on('said', resolve))
  client.onOpen(() => Promise.reject(new Error('cannot join')))
  await client.call('chat.room.join')
  await client.call('chat.room.say', { text: 'x' })
  await heard
  expect(errors).toEqual(['cannot join', 'my own fault'])
  client.close()
})

test('an auth string that cannot be fetched, or that is refused, is told and tried again', async () => {
  let asked = 0
  const auth = async () => {
    if (++asked === 1) throw new Error('the issuer is away')
    return asked === 2 ? 'nonsense' : authString(phone('later'))
  }
  const client = connect(server.url(), { auth, open: (url) => new WebSocket(url) })
  const errors: string[] = []
  client.onError(({ message }) => errors.push(message))
  expect(await client.call('chat.room.join', {}, { timeout: 25_000 })).toMatchObject({ event: 'joined' })
  expect(asked).toBe(3)
  expect(errors).toHaveLength(2)
  expect(errors[0]).toContain('the issuer is away')
  client.close()
})
