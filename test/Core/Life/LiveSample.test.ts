import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Client, type Frame, phone, wall } from '../../support/client'
import { MODES } from '../../support/modes'
import { Server } from '../../support/server'
import { eventsOf } from './life'

describe.each(MODES)('the sample App/Live, %s mode', (mode) => {
  let server: Server
  beforeAll(async () => {
    server = await Server.start({ env: { APP_MODE: mode } })
  })
  afterAll(() => server.stop())

  let room = ''
  let rooms = 0
  beforeEach(() => {
    room = `R${++rooms}`
  })

  /** A phone or a wall that has joined a room. */
  async function joined(kind: 'user' | 'wall', id: string, code = room): Promise<Client> {
    const client = await Client.connect(server.url(), kind === 'user' ? phone(id, code) : wall(id, code))
    await client.call(`live.${kind}.join`)
    return client
  }

  const reply = ({ callId: _, ...frame }: Frame) => frame
  /** How often a client has got an event; what was sent to it before has arrived. */
  async function count(client: Client, event: string): Promise<number> {
    await client.call('index.index.index')
    return eventsOf(client).filter((name) => name === event).length
  }
  const close = (...clients: Client[]) => Promise.all(clients.map((client) => client.close()))

  test('who may join which room, and what he is told', async () => {
    const [user, screen] = [
      await Client.connect(server.url(), phone('1', room)),
      await Client.connect(server.url(), wall('1', room)),
    ]
    expect(reply(await user.call('live.user.join'))).toEqual({
      status: 200,
      event: 'userJoinSuccess',
      info: '加入房间成功',
    })
    expect(reply(await screen.call('live.wall.join'))).toEqual({
      status: 200,
      event: 'wallJoinSuccess',
      info: '加入房间成功',
    })
    const mustBeUser = { status: 403, event: 'mustBeWechatUser', info: '仅允许微信用户连入' }
    const mustBeWall = { status: 403, event: 'mustBeWall', info: '仅允许大屏幕用户连入' }
    for (const method of ['join', 'say'])
      expect(reply(await screen.call(`live.user.${method}`, { say: 'x' }))).toEqual(mustBeUser)
    for (const method of ['join', 'out', 'check', 'clean', 'history']) {
      expect(reply(await user.call(`live.wall.${method}`, { id: 'x', status: 1 }))).toEqual(mustBeWall)
    }
    expect(await count(screen, 'userSayNeedCheck'), 'a refused say does nothing').toBe(0)
    expect(reply(await user.call('live.user.out'))).toEqual({
      status: 200,
      event: 'userOutSuccess',
      info: '退出房间成功',
    })
    expect(reply(await screen.call('live.wall.out'))).toEqual({
      status: 200,
      event: 'wallOutSuccess',
      info: '退出房间成功',
    })
    await close(user, screen)
  })

  test('without a room: 999 codeIsEmpty, and nothing more', async () => {
    const empty = { status: 999, event: 'codeIsEmpty', info: 'code不能为空' }
    const [user, screen] = [
      await Client.connect(server.url(), phone('1', '')),
      await Client.connect(server.url(), wall('1', '')),
    ]
    for (const method of ['join', 'out', 'say'])
      expect(reply(await user.call(`live.user.${method}`, { say: 'x' }))).toEqual(empty)
    for (const method of ['join', 'out', 'check', 'clean', 'history']) {
      expect(reply(await screen.call(`live.wall.${method}`, { id: 'x', status: 1 }))).toEqual(empty)
    }
    expect(eventsOf(user).filter((event) => event.endsWith('Success'))).toEqual([])
    const store = server.store()
    expect(await store.keys('LIVE_*_')).toEqual([])
    store.disconnect()
    await close(user, screen)
  })

  test('a message goes to the walls of its room, after their word to its phones; another room sees nothing', async () => {
    const [author, listener, screen, stranger, otherScreen] = await Promise.all([
      joined('user', '1'),
      joined('user', '2'),
      joined('wall', '3'),
      joined('user', '4', `${room}x`),
      joined('wall', '5', `${room}x`),
    ])
    const said = await author.call('live.user.say', { say: '  <b>你好</b> & "so on"  ' })
    expect(reply(said)).toEqual({
      status: 200,
      event: 'userSaySuccess',
      info: '发布聊天内容成功，等待审核',
      param: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
    const id = String(said.param)
    const shown = { id, nickname: 'n1', say: '&lt;b&gt;你好&lt;/b&gt; &amp; &quot;so on&quot;' }
    expect(await screen.next('userSayNeedCheck')).toEqual({
      status: 200,
      event: 'userSayNeedCheck',
      info: '收到用户广播内容',
      param: shown,
    })
    expect(reply(await screen.call('live.wall.history', { type: 'user' }))).toEqual({
      status: 200,
      event: 'userSayHistory',
      info: '获取消息历史成功',
      param: { [id]: shown },
    })
    expect(reply(await otherScreen.call('live.wall.check', { id, status: 1 }))).toEqual({
      status: 403,
      event: 'wallCheckFail',
      info: '审核消息失败',
    })
    expect(reply(await screen.call('live.wall.check', { id, status: '1' }))).toEqual({
      status: 200,
      event: 'wallCheckSuccess',
      info: '审核消息成功',
      param: id,
    })
    for (const user of [author, listener]) {
      const broadcast = { status: 200, event: 'userSayBroadcast', info: '用户消息审核通过', param: shown }
      expect(await user.next('userSayBroadcast')).toEqual(broadcast)
    }
    for (const who of [author, screen]) {
      const checked = { status: 200, event: 'userSayChecked', info: '审核结果', param: { id, status: 1 } }
      expect(await who.next('userSayChecked')).toEqual(checked)
    }
    for (const who of [stranger, otherScreen]) {
      await who.call('index.index.index')
      expect(eventsOf(who).filter((event) => event.startsWith('userSay'))).toEqual([])
    }
    expect(reply(await screen.call('live.wall.history', { type: 'user' }))).toMatchObject({ param: {} })
    await close(author, listener, screen, stranger, otherScreen)
  })

  test('two walls that approve the same message at once: one broadcast, one failure', async () => {
    const [author, first, second] = await Promise.all([joined('user', '1'), joined('wall', '2'), joined('wall', '3')])
    for (let round = 1; round <= 20; round++) {
      const { param: id } = await author.call('live.user.say', { say: 'hello' })
      const answers = await Promise.all(
        [first, second].map((screen) => screen.call('live.wall.check', { id, status: 1 })),
      )
      expect(answers.map(({ event }) => event).sort()).toEqual(['wallCheckFail', 'wallCheckSuccess'])
      expect(await count(author, 'userSayBroadcast')).toBe(round)
    }
    await close(author, first, second)
  })

  test('what is rejected, cleaned or unknown reaches nobody', async () => {
    const [author, screen] = await Promise.all([joined('user', '1'), joined('wall', '2')])
    const say = async () => (await author.call('live.user.say', { say: 'hello' })).param
    const check = async (id: unknown, status: unknown) => (await screen.call('live.wall.check', { id, status })).event
    expect(await check(await say(), 0)).toBe('wallCheckSuccess')
    expect(await author.next('userSayChecked')).toMatchObject({ param: { status: 0 } })
    const cleaned = await say()
    expect(reply(await screen.call('live.wall.clean'))).toEqual({
      status: 200,
      event: 'wallCleanSuccess',
      info: '清除成功',
    })
    expect(await check(cleaned, 1)).toBe('wallCheckFail')
    expect(await check('nothing', 1)).toBe('wallCheckFail')
    expect(await check('__proto__', 1)).toBe('wallCheckFail')
    expect(await count(author, 'userSayBroadcast')).toBe(0)
    const wrongType = { status: 401, event: 'typeError', info: '类型错误' }
    expect(reply(await screen.call('live.wall.history', { type: 'other' }))).toEqual(wrongType)
    await close(author, screen)
  })

  test('who is out, or gone, gets nothing more; a say without text is refused', async () => {
    const [author, leaver, screen, goner] = await Promise.all([
      joined('user', '1'),
      joined('user', '2'),
      joined('wall', '3'),
      joined('wall', '4'),
    ])
    await leaver.call('live.user.out')
    await goner.close()
    for (const say of ['', '   ', 'x'.repeat(501), 7, undefined]) {
      expect(await author.call('live.user.say', { say })).toMatchObject({ status: 400, param: [{ path: 'say' }] })
    }
    const { param: id } = await author.call('live.user.say', { say: 'x'.repeat(500) })
    expect(await count(screen, 'userSayNeedCheck')).toBe(1)
    await screen.call('live.wall.check', { id, status: 1 })
    expect(await count(author, 'userSayBroadcast')).toBe(1)
    expect(await count(leaver, 'userSayBroadcast')).toBe(0)
    await close(author, leaver, screen)
  })
})
