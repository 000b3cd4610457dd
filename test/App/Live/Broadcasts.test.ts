import { DB } from 'mswoole-ts'
import type { User } from 'mswoole-ts/test'
import { describe, expect, test, vi } from 'vitest'
import type { UserMessage } from '../../../App/Live/Model/User'
import type { WallMessage } from '../../../App/Live/Model/Wall'
import { Live } from './start'

interface Tables {
  live_wall_message: WallMessage
  live_user_message: UserMessage
}

describe('what walls broadcast, and what is kept of it', () => {
  const room = new Live()

  const success = (event: string, info: string, param?: unknown) => ({
    status: 200,
    event,
    info,
    ...(param === undefined ? {} : { param }),
  })

  test('a broadcast reaches the phones and the other walls of the room, once, and is in the table', async () => {
    const [phone, screen, other] = [
      await room.joined('user', '1'),
      await room.joined('wall', '2'),
      await room.joined('wall', '3'),
    ]
    const [stranger, strangeScreen] = [
      await room.joined('user', '4', `${room.code}x`),
      await room.joined('wall', '5', `${room.code}x`),
    ]
    const said = await screen.call('live.wall.say', { say: ' 大家好 🎉 <b> ' })
    const param = {
      code: room.code,
      nickname: 'n2',
      say: '大家好 🎉 &lt;b&gt;',
      user_id: '2',
      id: Object(said.param).id,
    }
    expect(said).toEqual(success('wallSaySuccess', '广播成功', param))
    expect(Object.keys(Object(said.param))).toEqual(['code', 'nickname', 'say', 'user_id', 'id'])
    for (const who of [phone, other]) {
      expect(await who.next('wallSayBroadcast')).toEqual(success('wallSayBroadcast', '收到大屏幕广播内容', param))
    }
    for (const who of [phone, other, screen, stranger, strangeScreen]) await who.none('wallSayBroadcast')
    const row = await DB.get<Tables>()
      .selectFrom('live_wall_message')
      .selectAll()
      .where('id', '=', param.id)
      .executeTakeFirstOrThrow()
    const time = expect.closeTo(Date.now() / 1000, -2)
    expect(row).toEqual({ ...param, status: 1, create_time: time, update_time: time })
  })

  test('a recall takes it from everybody, once; another room, or a second time, is refused', async () => {
    const [phone, screen, other] = [
      await room.joined('user', '1'),
      await room.joined('wall', '2'),
      await room.joined('wall', '3'),
    ]
    const foreign = await room.joined('wall', '4', `${room.code}x`)
    const { param } = await screen.call('live.wall.say', { say: 'hello' })
    const { id } = Object(param)
    const fail = { status: 403, event: 'wallRecallFail', info: '撤回广播失败' }
    expect(await foreign.call('live.wall.recall', { id })).toEqual(fail)
    await phone.none('wallSayRecall')
    const answers = await Promise.all([screen, other].map((who) => who.call('live.wall.recall', { id: String(id) })))
    expect(answers.map(({ event }) => event).sort()).toEqual(['wallRecallFail', 'wallRecallSuccess'])
    expect(answers).toContainEqual(success('wallRecallSuccess', '撤回广播成功'))
    expect(await phone.next('wallSayRecall')).toEqual(success('wallSayRecall', '撤回一条大屏幕消息', id))
    await phone.none('wallSayRecall')
    const [loser] = [screen, other].filter((_, index) => answers[index]?.status === 403)
    expect(await loser?.next('wallSayRecall')).toMatchObject({ param: id })
    expect(await screen.call('live.wall.recall', { id: id + 1000 })).toEqual(fail)
    for (const wrong of [undefined, '', 'x', -1, 1.5, '1 or 1=1', { gt: 0 }]) {
      expect(await screen.call('live.wall.recall', { id: wrong })).toMatchObject({ status: 400, event: 'invalidParam' })
    }
    expect(await screen.call('live.wall.history', { type: 'wall' })).toMatchObject({ param: { list: [], count: 0 } })
  })

  test('the history: this room only, newest first, in pages of at most 20', async () => {
    const [phone, screen, foreign] = [
      await room.joined('user', '1'),
      await room.joined('wall', '2'),
      await room.joined('wall', '3', `${room.code}x`),
    ]
    await foreign.call('live.wall.say', { say: 'elsewhere' })
    const ids: number[] = []
    for (let index = 0; index < 25; index++) {
      ids.unshift(Object((await screen.call('live.wall.say', { say: `nr ${index}` })).param).id)
    }
    const page = async (who: User, data: object) => {
      const method = who === phone ? 'live.user.history' : 'live.wall.history'
      const { event, info, param } = await who.call(method, { type: 'wall', ...data })
      expect({ event, info }).toEqual({ event: 'wallSayHistory', info: '获取历史成功' })
      const { list, count } = Object(param)
      expect(count).toBe(25)
      return list.map((row: { id: number }) => row.id)
    }
    for (const who of [phone, screen]) {
      expect(await page(who, {})).toEqual(ids.slice(0, 10))
      expect(await page(who, { page: '3', count: 10 })).toEqual(ids.slice(20))
      expect(await page(who, { page: 1, count: 1000 })).toEqual(ids.slice(0, 20))
      expect(await page(who, { page: 99 })).toEqual([])
    }
    const row = Object((await screen.call('live.wall.history', { type: 'wall', count: 1 })).param).list[0]
    expect(Object.keys(row).sort()).toEqual(
      ['id', 'code', 'nickname', 'say', 'user_id', 'status', 'create_time', 'update_time'].sort(),
    )
    for (const wrong of [{ page: 0 }, { page: -1 }, { count: 0 }, { page: 'x' }, { page: 1.5 }, { count: [1] }]) {
      expect(await screen.call('live.wall.history', { type: 'wall', ...wrong })).toMatchObject({ status: 400 })
    }
  })

  test('whatever is said stays what it is: nothing in it is taken for SQL, for HTML or for a key', async () => {
    const texts = [
      `'; DROP TABLE live_wall_message; --`,
      `1" OR "1"="1`,
      `\\'; DELETE FROM live_wall_message WHERE 1=1; #`,
      `<img src=x onerror=alert(1)>`,
      '{{7*7}} #{7*7} %s %00 \\u0000',
      '👩‍👩‍👧‍👦'.repeat(20),
      'x'.repeat(5000),
      '__proto__',
    ]
    const hostile = `R'"; DROP TABLE live_wall_message; -- ${room.code}`
    const screen = await room.joined('wall', `'; DELETE FROM x; --`, hostile)
    const phone = await room.joined('user', '1', hostile)
    for (const say of texts) {
      const { param } = await screen.call('live.wall.say', { say })
      expect(decoded(Object(param).say)).toBe(say)
      expect(decoded(Object((await phone.next('wallSayBroadcast')).param).say)).toBe(say)
    }
    const { list, count } = Object((await screen.call('live.wall.history', { type: 'wall', count: 20 })).param)
    expect(count).toBe(texts.length)
    expect(list.map(({ say }: WallMessage) => decoded(say))).toEqual(texts.toReversed())
    for (const say of ['', '  ', 'x'.repeat(5001), 'nul \0', 7, null, ['x']]) {
      expect(await screen.call('live.wall.say', { say })).toMatchObject({ status: 400, event: 'invalidParam' })
    }
  })

  test('who has approved what, and when, is in a table of its own', async () => {
    const [phone, screen] = [await room.joined('user', '1'), await room.joined('wall', '2')]
    const ids: string[] = []
    for (const say of ['yes', 'no', 'cleaned']) {
      const { param } = await phone.call('live.user.say', { say })
      ids.push(String(param))
      if (say !== 'cleaned') await screen.call('live.wall.check', { id: param, status: say === 'yes' ? 1 : 0 })
    }
    await screen.call('live.wall.clean')
    const rows = () =>
      DB.get<Tables>().selectFrom('live_user_message').selectAll().where('code', '=', room.code).orderBy('id').execute()
    await vi.waitFor(async () => expect(await rows()).toHaveLength(3), 20_000) // nobody waits for it but this test
    const time = expect.closeTo(Date.now() / 1000, -2)
    const kept = { id: expect.any(Number), code: room.code, nickname: 'n1', user_id: '1', check_user_id: '2' }
    expect(await rows()).toEqual(
      ['yes', 'no', 'cleaned'].map((say, index) => ({
        ...kept,
        message_id: ids[index],
        say,
        status: say === 'yes' ? 1 : 0,
        say_time: time,
        check_time: time,
      })),
    )
  })
})

/** What a page makes of a text: the five entities of the filter, once. */
const decoded = (text: string) => text.replace(/&(amp|lt|gt|quot|#039);/g, (entity) => ENTITIES[entity] ?? entity)
const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#039;': "'",
}
