import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, wall } from '../../support/client'
import { Server } from '../../support/server'

let server: Server
let client: Client
let screen: Client
beforeAll(async () => {
  server = await Server.start({ fixture: 'wire' })
  client = await Client.connect(server.url())
  screen = await Client.connect(server.url(), wall())
})
afterAll(() => server.stop())

const ACK = '{"status":200,"event":"receiveMessage","info":"服务端已收到您的请求内容"'

/** The bytes of the replies to one request: what came before the acknowledgement of the next one. */
async function replies(from: Client, request: string): Promise<string[]> {
  const before = from.texts.length
  from.send(request)
  await from.call('index.index.index')
  return from.texts.slice(before, -2)
}

describe('byte for byte', () => {
  test.each([
    ['404', 'no.such.controller', '{"status":404,"event":"controllerNotFound","info":"您请求的控制器不存在"'],
    ['405', 'index.index.nothing', '{"status":405,"event":"methodNotFound","info":"您请求的method方法不存在"'],
    ['500 of a throw', 'fail.fail.throws', '{"status":500,"event":"controllerError","info":"程序错误"'],
    ['500 of a rejection', 'fail.fail.rejects', '{"status":500,"event":"controllerError","info":"程序错误"'],
    ['500 of a param that is a cycle', 'fail.fail.cycle', '{"status":500,"event":"controllerError","info":"程序错误"'],
    [
      '500 of a group that is no text',
      'fail.fail.noGroup',
      '{"status":500,"event":"controllerError","info":"程序错误"',
    ],
    ['403, the default', 'fail.fail.wall', '{"status":403,"event":"forbidden","info":"没有权限"'],
    ['403 of refuse', 'fail.fail.polite', '{"status":403,"event":"mustBeWall","info":"仅允许大屏幕用户连入"'],
    ['999', 'fail.fail.empty', '{"status":999,"event":"codeIsEmpty","info":"code不能为空"'],
    ['a refusal with a param', 'fail.fail.refusesWith', '{"status":403,"event":"no","info":"不","param":{"why":"so"}'],
    [
      '400',
      'fail.fail.checked',
      '{"status":400,"event":"invalidParam","info":"参数不正确","param":[{"path":"say","message":"say is a text"},{"path":"page.count","message":"a number"}]',
    ],
    ['success', 'index.index.index', '{"status":200,"event":"success","info":"执行完成"'],
  ])('%s, with and without callId', async (_name, method, reply) => {
    const request = { method, page: { count: '1' } }
    expect(await replies(client, JSON.stringify(request))).toEqual([`${ACK}}`, `${reply}}`])
    expect(await replies(client, JSON.stringify({ ...request, callId: 'a"1' }))).toEqual([
      `${ACK},"callId":"a\\"1"}`,
      `${reply},"callId":"a\\"1"}`,
    ])
  })

  test('whom the declaration names is let in', async () => {
    expect(await replies(screen, '{"method":"fail.fail.wall"}')).toEqual([
      `${ACK}}`,
      '{"status":200,"event":"forWall","info":"wall"}',
    ])
    expect((await screen.call('fail.fail.polite')).event).toBe('forWall')
  })

  test('504 after controller_timeout, and the next message is heard', async () => {
    expect(await replies(client, '{"method":"fail.fail.never","callId":0}')).toEqual([
      `${ACK},"callId":0}`,
      '{"status":504,"event":"controllerTimeout","info":"程序执行超时","callId":0}',
    ])
  })

  test('a param of null is sent, of undefined is left out; fields and replies in their order', async () => {
    const tail = ',"callId":1'
    expect(await replies(client, '{"callId":1,"method":"echo.send.params"}')).toEqual([
      `${ACK}${tail}}`,
      `{"status":200,"event":"p","info":"undefined"${tail}}`,
      `{"status":200,"event":"p","info":"null","param":null${tail}}`,
      `{"status":200,"event":"p","info":"false","param":false${tail}}`,
      `{"status":200,"event":"p","info":"0","param":0${tail}}`,
      `{"status":200,"event":"p","info":"empty","param":""${tail}}`,
      `{"status":999,"event":"p","info":"\\"quoted\\"","param":{"b":1,"a":[null,null]}${tail}}`,
      `{"status":200,"event":"p","info":"to","param":"\u2028<"${tail}}`,
    ])
  })
})

describe('the callId', () => {
  test.each(['""', '"1"', '0', '-1', '1.5', '9007199254740993'])(
    'of %s comes back last, as JSON says it',
    async (id) => {
      const tail = `,"callId":${JSON.stringify(JSON.parse(id))}}`
      const [ack, echo] = await replies(client, `{"method":"echo.echo.data","callId":${id}}`)
      expect(ack).toBe(ACK + tail)
      expect(echo?.endsWith(`"nickname":"n1"}}${tail}`)).toBe(true)
    },
  )

  test.each(['null', 'true', '{"a":1}', '[1]'])('of another type, %s, is data like any other', async (id) => {
    const [ack, echo = '{}'] = await replies(client, `{"method":"echo.echo.data","callId":${id}}`)
    expect(ack).toBe(`${ACK}}`)
    expect(JSON.parse(echo).param.callId).toEqual(JSON.parse(id))
    expect(JSON.parse(echo)).not.toHaveProperty('callId')
  })

  test('beyond all numbers is data, too: JSON could not say it again', async () => {
    expect((await replies(client, '{"method":"index","callId":1e999}'))[0]).toBe(`${ACK}}`)
  })

  test('comes back in every reply of a call that awaits', async () => {
    expect(await replies(client, '{"method":"echo.send.later","callId":"l"}')).toEqual([
      `${ACK},"callId":"l"}`,
      '{"status":200,"event":"first","info":"ok","callId":"l"}',
      '{"status":200,"event":"second","info":"ok","callId":"l"}',
    ])
  })

  test("is the caller's: what a call sends to others has none", async () => {
    const fd = Object((await screen.call('echo.echo.data')).param).fd
    const me = Object((await client.call('echo.echo.data')).param).fd
    client.send({ method: 'echo.send.other', to: fd, callId: 'mine' })
    expect(await client.next('sent')).toMatchObject({ callId: 'mine' })
    await screen.next('fromOther')
    expect(screen.texts.at(-1)).toBe(`{"status":200,"event":"fromOther","info":"ok","param":${me}}`)
  })
})

describe('the details of an error', () => {
  test.each([
    ['throws', 'secret detail of the thrower'],
    ['rejects', 'secret detail of the rejecter'],
  ])('stand in the log only, with fd and action: %s', async (action, message) => {
    const other = await Client.connect(server.url())
    const fd = Object((await other.call('echo.echo.data')).param).fd
    await other.call(`fail.fail.${action}`)
    const line = await server.logged((line) => line.fd === fd && line.level === 'error')
    expect(line).toMatchObject({ action: `Fail.Fail.${action}`, err: { message } })
    expect(JSON.stringify(line.err)).toContain('Controller/Fail.')
    expect(other.texts.join()).not.toContain('secret')
  })
})
