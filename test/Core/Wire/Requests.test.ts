import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { Server } from '../../support/server'

const ACK = '{"status":200,"event":"receiveMessage","info":"服务端已收到您的请求内容"}'
const NOT_FOUND = '{"status":404,"event":"controllerNotFound","info":"您请求的控制器不存在"}'
const NO_METHOD = '{"status":405,"event":"methodNotFound","info":"您请求的method方法不存在"}'
const called = (name: string) => `{"status":200,"event":"called","info":"${name}"}`
const SUCCESS = '{"status":200,"event":"success","info":"执行完成"}'

let server: Server
let client: Client
beforeAll(async () => {
  server = await Server.start({ fixture: 'wire' })
  client = await Client.connect(server.url(), { ...phone(), nickname: `<"n">`, deep: [{ x: "'&" }] })
})
afterAll(() => server.stop())

/** Everything that comes back before the answer to a call that is sent right behind. */
async function answers(message: unknown): Promise<string[]> {
  const before = client.texts.length
  client.send(message)
  await client.call('index.index.index')
  return client.texts.slice(before, -2)
}

describe('a heartbeat', () => {
  test('is the text 2, answered 3, without acknowledgement', async () => {
    expect(await answers('2')).toEqual(['3'])
  })

  test('may be binary, as MSwoole took it', async () => {
    const before = client.texts.length
    client.socket.send(Buffer.from('2'))
    await client.call('index.index.index')
    expect(client.texts.slice(before, -2)).toEqual(['3'])
  })
})

describe('a frame that is no JSON object', () => {
  const texts = [' 2', '2 ', '2\n', '22', '3', '٢', '', '[]', '[{"method":"index"}]', '0', '"text"', 'null', 'true']
  const garbage = ['{', '{"method":}', 'method=index', '{}{}', '\uFEFF{}', '\0', '{"a":1}x', 'x'.repeat(16_000)]

  test.each([...texts, ...garbage])('closes with 4400: %j', async (text) => {
    const lost = await Client.connect(server.url())
    lost.send(text)
    lost.send({ method: 'index.index.index' })
    expect(await lost.closed).toEqual({ code: 4400, reason: 'not a JSON object' })
    expect(lost.texts.filter((text) => text !== ACK && text !== SUCCESS)).toEqual([])
  })

  test.each([
    ['bytes that are no UTF-8', Buffer.from([0xff, 0xfe, 0x00])],
    ['an empty binary frame', Buffer.alloc(0)],
    ['a binary list', Buffer.from('[1]')],
  ])('closes with 4400: %s', async (_name, bytes) => {
    const lost = await Client.connect(server.url())
    lost.socket.send(bytes)
    expect((await lost.closed).code).toBe(4400)
    expect(lost.texts).toEqual([])
  })

  test('a binary frame that is one is a request like any other', async () => {
    const before = client.texts.length
    client.socket.send(Buffer.from('{"method":"hello"}'))
    await client.call('index.index.index')
    expect(client.texts.slice(before, -2)).toEqual([ACK, called('Index.Index.hello')])
  })
})

describe('the method', () => {
  test.each([
    ['{}', SUCCESS],
    ['{"method":""}', SUCCESS],
    ['{"method":"."}', SUCCESS],
    ['{"method":"index"}', SUCCESS],
    ['{"method":"hello"}', called('Index.Index.hello')],
    ['{"method":"index.hello"}', called('Index.Index.hello')],
    ['{"method":"index.index.hello"}', called('Index.Index.hello')],
    ['{"method":"room.enter"}', called('Index.Room.enter')],
    ['{"method":"index.room.enter"}', called('Index.Room.enter')],
    ['{"method":"..INDEX.Room.eNTEr..."}', called('Index.Room.enter')],
    ['{"method":"hello","method":"room.enter"}', called('Index.Room.enter')],
    ['\n {"method":"hel\\u006co"} ', called('Index.Index.hello')],
    ['{"method":"goodbye"}', NO_METHOD],
    ['{"method":"index.goodbye"}', NO_METHOD],
    ['{"method":"index.room.index"}', NO_METHOD],
    ['{"method":"index.room."}', NO_METHOD],
    ['{"method":"index..hello"}', NOT_FOUND],
    ['{"method":"nobody.hello"}', NOT_FOUND],
    ['{"method":"room.room.enter"}', NOT_FOUND],
    ['{"method":"index.index.hello.x"}', NOT_FOUND],
    ['{"method":"a.b.c.d.e"}', NOT_FOUND],
    ['{"method":" hello"}', NO_METHOD],
    ['{"method":null}', NOT_FOUND],
    ['{"method":1}', NOT_FOUND],
    ['{"method":["hello"]}', NOT_FOUND],
    ['{"method":{"toString":"hello"}}', NOT_FOUND],
  ])('of %s', async (text, answer) => {
    expect(await answers(text)).toEqual([ACK, answer])
  })
})

describe('the data of an action', () => {
  const auth = {
    id: '1',
    type: 'wechatUser',
    code: 'A',
    nickname: '&lt;&quot;n&quot;&gt;',
    deep: [{ x: '&#039;&amp;' }],
  }

  test('is what the client sent, filtered at any depth, with fd, code and auth, and without method and callId', async () => {
    const { param } = await client.call('echo.echo.data', {
      say: `<b>&"'`,
      number: 1,
      rows: [['<'], { '<key>': '>' }],
      nothing: null,
    })
    const { fd, ...rest } = Object(param)
    expect(fd).toBeTypeOf('number')
    expect(rest).toEqual({
      say: '&lt;b&gt;&amp;&quot;&#039;',
      number: 1,
      rows: [['&lt;'], { '<key>': '&gt;' }],
      nothing: null,
      code: 'A',
      auth,
    })
  })

  test.each(['data', 'loose', 'short'])("never has a client's own fd, code and auth: %s", async (action) => {
    const { param: honest } = await client.call('echo.echo.data')
    const { param } = await client.call(`echo.echo.${action}`, {
      say: 'x',
      fd: 99,
      code: 'B',
      auth: { id: '2', type: 'wall' },
    })
    expect(param).toEqual({ ...Object(honest), say: 'x' })
  })

  test('is checked raw and filtered then: five special characters are five, and come escaped', async () => {
    const { param } = await client.call('echo.echo.short', { say: '<b>&"', rows: ['<i>'], stranger: 1 })
    expect(param).toMatchObject({ say: '&lt;b&gt;&amp;&quot;', rows: ['&lt;i&gt;'] })
    expect(param).not.toHaveProperty('stranger')
  })

  test('may be 64 levels deep; deeper, a call is 400, and the next one is heard', async () => {
    const deep = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}"<"${'}'.repeat(levels)}`)
    const { param } = await client.call('echo.echo.data', deep(64))
    expect(JSON.stringify(param)).toContain('&lt;')
    for (const data of [deep(65), { a: JSON.parse(`${'['.repeat(3000)}${']'.repeat(3000)}`) }]) {
      expect(await client.call('echo.echo.data', data)).toMatchObject({
        status: 400,
        event: 'invalidParam',
        param: [{ path: '', message: 'data is nested deeper than 64 levels' }],
      })
    }
  })
})
