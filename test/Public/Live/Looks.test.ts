import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authString, phone as phoneUser, wall as wallUser } from '../../support/client'
import { noBrowser } from '../browser'
import { authOf, count, Hall, PHONE, Phone, texts, Wall } from './hall'
import { Wire } from './wire'

const SHARP = { ...PHONE, deviceScaleFactor: 2 }
const HUGE = { viewport: { width: 1920, height: 1080 }, reducedMotion: 'no-preference' } as const

const SAYS: readonly (readonly [nickname: string, say: string])[] = [
  ['林小满', '开场的灯光太美了 ✨'],
  ['Ada Lovelace', 'Greetings from the back row!'],
  ['阿杰', '请问第二排有人捡到一副黑框眼镜吗？'],
  ['山田さくら', '合唱のところで泣きました'],
  ['عمر', 'مرحبا بالجميع في القاعة'],
  ['王建国', '今年的节目单太期待了，尤其是最后的合唱'],
  ['Zoë', 'Who picked this song? It is perfect 🎶'],
  ['小雨', '周年快乐！🎉🎉'],
  ['一只名字特别长的猫咪', '前面的朋友请坐一下，后面看不到啦，谢谢大家的配合，今天人真的好多，工作人员辛苦了'],
  ['老周', '主持人今天的领带很好看'],
  ['Nadia', 'Can we get the slides afterwards?'],
  ['<b>Bob</b>', '<img src=x onerror=alert(1)>'],
]

/** Chromium may drop what is under way when the machine's networks change: then a page cannot tell why it was refused, and tries again. */
const LONG = { timeout: 75_000 }

/** Pictures of every state, in Runtime/screenshots, for a person to look at. */
describe.skipIf(noBrowser !== undefined)('the looks of the pages', () => {
  let hall: Hall
  beforeAll(async () => {
    hall = await Hall.open()
  })
  afterAll(() => hall.close())

  test('a hall, from the first guest to the announcement', async () => {
    const [phone, wall] = [await hall.phone('小明', 'A', SHARP), await hall.wall('Main', 'A', HUGE)]
    await phone.page.getByText('说点什么吧').waitFor()
    await phone.shoot('phone-empty')
    await wall.page.getByText('1 人在场').waitFor()
    await wall.shoot('wall-empty')

    const host = await hall.client({ ...wallUser('host'), nickname: '主持人' })
    await host.call('live.wall.say', { say: '欢迎来到十周年晚会，请把手机调成静音' })
    const ids: unknown[] = []
    for (const [index, [nickname, say]] of SAYS.entries()) {
      const guest = await hall.client({ ...phoneUser(`guest${index}`), nickname })
      ids.push((await guest.call('live.user.say', { say })).param)
    }
    await count(wall.queue, SAYS.length)
    for (const id of ids.slice(0, 8)) await host.call('live.wall.check', { id, status: 1 })
    await phone.said('第一次来，太震撼了！')
    await texts(wall.page.locator('#queue-count'), [String(SAYS.length - 7)])
    await count(phone.others, 8)
    await wall.press('j')
    // Half way over the stage.
    await wall.page.evaluate(
      'for (const it of document.getAnimations()) if (it.effect.target.dataset.lane) it.currentTime = 6000',
    )
    await wall.shoot('wall-live')
    await phone.shoot('phone-live')

    await wall.broadcast('抽奖将在五分钟后开始，请回到座位')
    await wall.spot.getByText('抽奖').waitFor()
    await wall.press('p')
    await wall.page.locator('body:not(.panel)').waitFor()
    await wall.shoot('wall-announcement')
    await wall.press('p')
    await wall.press('h')
    await count(wall.history, 2)
    await wall.shoot('wall-history')
    await phone.page.locator('.broadcast').last().waitFor()
    await phone.shoot('phone-broadcast')
    expect([...phone.wrongs, ...wall.wrongs]).toEqual([])
    await Promise.all([phone.close(), wall.close()])
  }, 240_000)

  test('nobody comes in, or not now', async () => {
    const wire = await Wire.to(hall.server.port())
    const old = `lang=en&auth=${authString({ ...phoneUser(), ctime: 1_500_000_000 })}`
    const refused = new Phone(await hall.page('user', old, SHARP))
    await refused.page.locator('.notice').waitFor(LONG)
    await refused.shoot('phone-refused')
    await refused.close()
    const dark = new Wall(await hall.page('wall', old, HUGE))
    await dark.page.locator('.notice').waitFor(LONG)
    await dark.shoot('wall-refused')
    await dark.close()

    const phone = new Phone(await hall.page('user', authOf('wechatUser', '小明', 'A'), SHARP, wire.port))
    const wall = new Wall(await hall.page('wall', authOf('wall', 'Main', 'A'), HUGE, wire.port))
    await Promise.all([phone.isLive(), wall.isLive()])
    await phone.said('马上回来')
    wire.cut()
    await phone.say('电梯里没有信号')
    await phone.page.locator('#banner').waitFor()
    await phone.shoot('phone-reconnecting')
    await wall.page.locator('#stage .status[data-status="waiting"]').waitFor()
    await wall.shoot('wall-reconnecting')
    await Promise.all([phone.close(), wall.close()])
    wire.close()
  }, 300_000)
})
