import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authString, Client, phone as phoneUser, wall as wallUser } from '../../support/client'
import { eventually } from '../../support/eventually'
import { Inbox } from '../../support/inbox'
import { runConsole } from '../../support/program'
import { noBrowser } from '../browser'
import { authOf, Hall, PHONE, Phone, texts } from './hall'
import { Wire } from './wire'

describe.skipIf(noBrowser !== undefined)("a phone's page in Chromium", () => {
  let hall: Hall
  /** Who reviews, without a page. */
  let desk: Client
  beforeAll(async () => {
    hall = await Hall.open()
    desk = await Client.connect(hall.server.url(), wallUser('desk'))
    await desk.call('live.wall.join')
  })
  afterAll(async () => {
    await desk.close()
    await hall.close()
  })

  const idOf = (param: unknown): unknown => Object(param).id
  const approve = async () => {
    const { param } = await desk.next('userSayNeedCheck')
    await desk.call('live.wall.check', { id: idOf(param), status: 1 })
  }

  test('loses its network, comes back to its room by itself, and sees what it may have missed', async () => {
    const wire = await Wire.to(hall.server.port())
    const page = await hall.page('user', authOf('wechatUser', '远', 'A'), PHONE, wire.port)
    const phone = new Phone(page)
    await phone.isLive()
    const pending = await phone.said('还在审核')
    await desk.call('live.wall.say', { say: '第一条' })
    await texts(phone.broadcasts, ['第一条'])

    wire.cut()
    await page.getByText('正在重新连接。').waitFor() // what is said from here on waits
    await page.context().setOffline(true)
    await page.getByText('手机没有网络').waitFor()
    const later = await phone.say('没有网络的时候说的')
    await later.getByText('等待网络').waitFor()
    await desk.call('live.wall.say', { say: '第二条' })
    await approve()

    wire.mend()
    await page.context().setOffline(false)
    await phone.isLive()
    await phone.notes.getByText('你离开了一会儿').waitFor()
    await texts(phone.broadcasts, ['第一条', '第二条'])
    await page.locator(`.mine[data-id="${pending}"][data-state="unknown"]`).waitFor()
    await page.locator('.mine[data-state="pending"]', { hasText: '没有网络的时候说的' }).waitFor()
    // In its room again: it hears what is approved there.
    const other = await Client.connect(hall.server.url(), phoneUser('other'))
    await approve()
    await other.call('live.user.say', { say: '欢迎回来' })
    await approve()
    await texts(phone.others, ['欢迎回来'])
    await other.close()
    await phone.close()
    wire.close()
  })

  test('a server that restarts is no end: the phone says so, and is in its room again', async () => {
    const phone = await hall.phone('kicked out')
    const { wrongs, page } = phone
    const wire = await Wire.to(hall.server.port())
    await page.goto(page.url().replace(String(hall.server.port()), String(wire.port)))
    await phone.isLive()
    wire.cut()
    await page.getByText('正在重新连接。').waitFor()
    wire.mend()
    await page.evaluate("dispatchEvent(new Event('online'))")
    await phone.isLive()
    expect(wrongs).toEqual([])
    await phone.close()
    wire.close()
  })

  test('a link that leads nowhere: it says so in plain words, whatever the reason', async () => {
    const expired = authString({ ...phoneUser(), ctime: 1_500_000_000 })
    const links = [
      ['user', `auth=${expired}`, '这个链接打不开了'],
      ['user', 'auth=SOjaKRG4Ihji4lKUzcgvPXlekItKAtO1', '这个链接打不开了'],
      ['user', 'room=A', '请用现场的链接进入'],
      ['user', authOf('wall', 'w', 'A'), '这个链接不是给这个页面的'],
      ['user', authOf('wechatUser', 'p', ''), '链接里没有房间'],
      ['user', 'lang=en', 'Come in by the link from the hall'],
      ['wall', authOf('wechatUser', 'p', 'A'), '这个链接不是给这个页面的'],
      ['wall', `auth=${expired}`, '请向主办方要一个新的大屏链接'],
    ] as const
    const page = await hall.page('user', 'room=A', PHONE)
    for (const [name, query, words] of links) {
      await page.goto(hall.link(name, query))
      await page.locator('.notice').getByText(words).waitFor()
    }
    await page.context().close()
  })

  test('an auth string in the fragment, which no server logs, is as good', async () => {
    const query = authOf('wechatUser', 'fragment', 'A')
    const phone = new Phone(await hall.page('user', `#${query}`, PHONE))
    await phone.isLive()
    expect(await phone.page.textContent('#room')).toBe('房间 A')
    await phone.close()
  })

  test('a broadcast that comes while the history is asked for stays, after what was said before it', async () => {
    const host = await Client.connect(hall.server.url(), wallUser('host', 'N'))
    await host.call('live.wall.say', { say: '之前' })
    const page = await hall.page('user', 'room=N', PHONE)
    const held = new Inbox<() => void>('answer that is held back')
    await page.routeWebSocket(/./, (near) => {
      near.connectToServer().onMessage((message) => {
        const pass = () => near.send(message)
        if (String(message).includes('wallSayHistory')) held.add(pass)
        else pass()
      })
    })
    await page.goto(hall.link('user', authOf('wechatUser', 'between', 'N')))
    const phone = new Phone(page)
    const pass = await held.next(() => true)
    await host.call('live.wall.say', { say: '其间' })
    await texts(phone.broadcasts, ['其间'])
    pass()
    await texts(phone.broadcasts, ['之前', '其间'])
    expect(await phone.notes.count()).toBe(0)
    expect(await page.isHidden('#earlier')).toBe(true)
    await host.close()
    await phone.close()
  })

  test('says too much: told, and tried again by a tap; more than 500 characters cannot be sent', async () => {
    const phone = await hall.phone('fast', 'F')
    const pages = Array.from({ length: 6 }, (_, number) => `第${number}句`)
    for (const text of pages) await phone.say(text)
    const refused = phone.page.locator('.mine[data-state="tooFast"], .mine[data-state="tooMany"]')
    await refused.waitFor()
    const clearer = await Client.connect(hall.server.url(), wallUser('clearer', 'F'))
    await clearer.call('live.wall.clean')
    await eventually(async () => {
      if ((await refused.count()) > 0) await refused.locator('.state').click()
      expect(await phone.page.locator('.mine[data-state="pending"]').count()).toBe(1)
    }, 60_000)
    await phone.page.fill('#text', '字'.repeat(501))
    await phone.page.getByText('超出 1 字').waitFor()
    expect(await phone.page.isDisabled('#send')).toBe(true)
    await phone.page.fill('#text', '字'.repeat(500))
    expect(await phone.page.isEnabled('#send')).toBe(true)
    await clearer.close()
    await phone.close()
  })

  test('removed by the console: it says so, and does not come back', async () => {
    const phone = await hall.phone('kicked', 'X')
    const env = { APP_RUNTIME: hall.server.runtime }
    const { stdout } = await runConsole(['kick', '--group', 'LIVE_USER_ROOM_X'], { env })
    expect(stdout).toContain('1')
    await phone.page.getByRole('heading', { name: '你已被移出房间' }).waitFor()
    await phone.close()
  })

  test('Chinese or English, by the browser, the link, or a button', async () => {
    const phone = await hall.phone('Ann', 'L', { locale: 'en-GB' })
    await phone.page.getByText('Say something', { exact: true }).waitFor()
    const id = await phone.said('hi')
    await phone.page.getByRole('button', { name: '切换到中文' }).click()
    await phone.page.locator(`.mine[data-id="${id}"]`).getByText('等待审核').waitFor()
    expect(await phone.page.getAttribute('html', 'lang')).toBe('zh-CN')
    await phone.close()
  })

  test('who reads old messages is not moved by new ones, but told of them', async () => {
    const phone = await hall.phone('reader', 'R')
    const host = await Client.connect(hall.server.url(), wallUser('host', 'R'))
    for (let number = 0; number < 12; number++) await host.call('live.wall.say', { say: `第${number}条` })
    await phone.page.getByText('第11条').waitFor()
    const top = () => phone.page.evaluate<number>("document.querySelector('#log').scrollTop")
    await phone.page.evaluate("document.querySelector('#log').scrollTop = 0")
    await eventually(async () => expect(await top()).toBe(0))
    await host.call('live.wall.say', { say: '最新' })
    await phone.page.getByRole('button', { name: '1 条新消息' }).click()
    await phone.page.locator('#latest').waitFor({ state: 'hidden' })
    expect(await top()).toBeGreaterThan(0)
    await host.close()
    await phone.close()
  })
})
