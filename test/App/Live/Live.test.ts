import { describe, expect, test } from 'vitest'
import { Live } from './start'

describe('the sample App/Live', () => {
  const room = new Live()

  test('who may join which room, and what he is told', async () => {
    const [user, screen] = [await room.connected('user', '1'), await room.connected('wall', '1')]
    const joinSuccess = { status: 200, info: '加入房间成功' }
    expect(await user.call('live.user.join')).toEqual({ ...joinSuccess, event: 'userJoinSuccess' })
    expect(await screen.call('live.wall.join')).toEqual({ ...joinSuccess, event: 'wallJoinSuccess' })
    const mustBeUser = { status: 403, event: 'mustBeWechatUser', info: '仅允许微信用户连入' }
    const mustBeWall = { status: 403, event: 'mustBeWall', info: '仅允许大屏幕用户连入' }
    for (const method of ['join', 'say'])
      expect(await screen.call(`live.user.${method}`, { say: 'x' })).toEqual(mustBeUser)
    for (const method of ['join', 'out', 'say', 'recall', 'check', 'clean', 'history']) {
      expect(await user.call(`live.wall.${method}`, { id: 1, status: 1, say: 'x' })).toEqual(mustBeWall)
    }
    await screen.none('userSayNeedCheck') // a refused say does nothing
    const outSuccess = { status: 200, info: '退出房间成功' }
    expect(await user.call('live.user.out')).toEqual({ ...outSuccess, event: 'userOutSuccess' })
    expect(await screen.call('live.wall.out')).toEqual({ ...outSuccess, event: 'wallOutSuccess' })
  })

  test('without a room: 999 codeIsEmpty, and nothing more', async () => {
    const empty = { status: 999, event: 'codeIsEmpty', info: 'code不能为空' }
    const [user, screen] = [await room.connected('user', '1', ''), await room.connected('wall', '1', '')]
    for (const method of ['join', 'out', 'say', 'history'])
      expect(await user.call(`live.user.${method}`, { say: 'x' })).toEqual(empty)
    for (const method of ['join', 'out', 'say', 'recall', 'check', 'clean', 'history']) {
      const data = { id: method === 'recall' ? 1 : 'x', status: 1, say: 'x' }
      expect(await screen.call(`live.wall.${method}`, data)).toEqual(empty)
    }
    for (const client of [user, screen]) await client.none(({ event }) => event !== 'codeIsEmpty')
    expect(await room.app.store.keys('LIVE_*_')).toEqual([])
  })

  test('a message goes to the walls of its room, after their word to its phones; another room sees nothing', async () => {
    const [author, listener, screen, stranger, otherScreen] = await Promise.all([
      room.joined('user', '1'),
      room.joined('user', '2'),
      room.joined('wall', '3'),
      room.joined('user', '4', `${room.code}x`),
      room.joined('wall', '5', `${room.code}x`),
    ])
    const said = await author.call('live.user.say', { say: '  <b>你好</b> & "so on"  ' })
    expect(said).toEqual({
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
    expect(await screen.call('live.wall.history', { type: 'user' })).toEqual({
      status: 200,
      event: 'userSayHistory',
      info: '获取消息历史成功',
      param: { [id]: shown },
    })
    expect(await otherScreen.call('live.wall.check', { id, status: 1 })).toEqual({
      status: 403,
      event: 'wallCheckFail',
      info: '审核消息失败',
    })
    expect(await screen.call('live.wall.check', { id, status: '1' })).toEqual({
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
    for (const who of [stranger, otherScreen]) await who.none(({ event }) => event.startsWith('userSay'))
    expect(await screen.call('live.wall.history', { type: 'user' })).toMatchObject({ param: {} })
  })

  test('two walls that approve the same message at once: one broadcast, one failure', async () => {
    const [listener, first, second] = await Promise.all([
      room.joined('user', '0'),
      room.joined('wall', '2'),
      room.joined('wall', '3'),
    ])
    const authors = await Promise.all(['a', 'b', 'c', 'd'].map((id) => room.joined('user', id)))
    for (const author of [...authors, ...authors, ...authors]) {
      const { param: id } = await author.call('live.user.say', { say: 'hello' })
      const answers = await Promise.all(
        [first, second].map((screen) => screen.call('live.wall.check', { id, status: 1 })),
      )
      expect(answers.map(({ event }) => event).sort()).toEqual(['wallCheckFail', 'wallCheckSuccess'])
      await listener.next('userSayBroadcast')
      await listener.none('userSayBroadcast')
    }
  })

  test('what is rejected, cleaned or unknown reaches nobody', async () => {
    const [author, screen, other] = await Promise.all([
      room.joined('user', '1'),
      room.joined('wall', '2'),
      room.joined('wall', '3'),
    ])
    const say = async () => (await author.call('live.user.say', { say: 'hello' })).param
    const check = async (id: unknown, status: unknown) => (await screen.call('live.wall.check', { id, status })).event
    expect(await check(await say(), 0)).toBe('wallCheckSuccess')
    expect(await author.next('userSayChecked')).toMatchObject({ param: { status: 0 } })
    const cleaned = await say()
    expect(await screen.call('live.wall.clean')).toEqual({ status: 200, event: 'wallCleanSuccess', info: '清除成功' })
    expect(await other.next('userSayCleaned')).toEqual({
      status: 200,
      event: 'userSayCleaned',
      info: '待审核消息已清除',
    })
    expect(await check(cleaned, 1)).toBe('wallCheckFail')
    expect(await check('nothing', 1)).toBe('wallCheckFail')
    expect(await check('__proto__', 1)).toBe('wallCheckFail')
    expect(await author.next('userSayChecked')).toMatchObject({ param: { id: cleaned, status: 0 } })
    await author.none('userSayBroadcast')
    const wrongType = { status: 401, event: 'typeError', info: '类型错误' }
    expect(await screen.call('live.wall.history', { type: 'other' })).toEqual(wrongType)
  })

  test('who is out, or gone, gets nothing more; a say without text is refused', async () => {
    const [author, leaver, screen, goner] = await Promise.all([
      room.joined('user', '1'),
      room.joined('user', '2'),
      room.joined('wall', '3'),
      room.joined('wall', '4'),
    ])
    await leaver.call('live.user.out')
    await goner.close()
    for (const say of ['', '   ', 'x'.repeat(501), 7, undefined]) {
      expect(await author.call('live.user.say', { say })).toMatchObject({ status: 400, param: [{ path: 'say' }] })
    }
    const { param: id } = await author.call('live.user.say', { say: 'x'.repeat(500) })
    await screen.next('userSayNeedCheck')
    await screen.none('userSayNeedCheck')
    await screen.call('live.wall.check', { id, status: 1 })
    await author.next('userSayBroadcast')
    for (const user of [author, leaver]) await user.none('userSayBroadcast')
  })
})
