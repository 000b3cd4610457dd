import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gatewayOf } from '../../Core/Faults/support'
import { Client, wall as wallUser } from '../../support/client'
import { eventually } from '../../support/eventually'
import { noBrowser } from '../browser'
import { count, Hall, type Phone, texts, type Wall } from './hall'

describe.skipIf(noBrowser !== undefined)('two rooms in Chromium', () => {
  let hall: Hall
  let [ming, hong, other]: Phone[] = []
  let [left, right, far]: Wall[] = []
  beforeAll(async () => {
    hall = await Hall.open()
    ;[ming, hong, other] = [await hall.phone('小明'), await hall.phone('小红'), await hall.phone('Far', 'B')]
    ;[left, right, far] = [await hall.wall('Left'), await hall.wall('Right'), await hall.wall('Far', 'B')]
  })
  afterAll(() => hall.close())

  /** The six pages, certain. */
  function all() {
    if (!ming || !hong || !other || !left || !right || !far) throw new Error('the hall is not open')
    return { ming, hong, other, left, right, far }
  }

  test('walls see what is said in their room, phones what was approved there, each once', async () => {
    const { ming, hong, other, left, right, far } = all()
    const id = await ming.said('第一句')
    await texts(left.queue.locator('.text'), ['第一句'])
    await texts(right.queue.locator('.text'), ['第一句'])
    expect(await far.queue.count()).toBe(0)
    expect(await hong.others.count()).toBe(0)

    await left.queued('第一句').locator('.approve').click()
    await count(left.queue, 0)
    await right.stage.getByText('第一句').waitFor()
    await texts(hong.others, ['第一句'])
    await ming.page.locator(`.mine[data-id="${id}"][data-state="shown"]`).waitFor()
    // What comes later has come after it, so it has come nowhere else and nowhere twice.
    await other.said('elsewhere')
    await texts(far.queue.locator('.text'), ['elsewhere'])
    expect(await ming.others.count()).toBe(0)
    expect(await hong.others.count()).toBe(1)
    expect(await other.others.count()).toBe(0)
    expect(await left.stage.count()).toBe(1)
    expect(await right.stage.count()).toBe(1)
    expect(await far.stage.count()).toBe(0)
  })

  test('the queue of the other wall follows: its selected one stays as settled, and no key judges it again', async () => {
    const { hong, left, right } = all()
    await right.press('j') // the first one, settled by the other wall, gives way
    await hong.said('甲')
    await hong.said('乙')
    for (const wall of [left, right]) await wall.queued('乙').waitFor()
    await count(right.queue, 2)
    await left.queued('甲').locator('.reject').click()
    await right.queued('甲').getByText('另一块大屏已拒绝').waitFor()
    expect(await right.selected.textContent()).toContain('甲')
    await right.press('a')
    await texts(right.queue.locator('.text'), ['乙'])
    expect(await right.queue.getAttribute('aria-busy')).not.toBe('true')
    await right.press('a')
    await count(left.queue.filter({ hasNotText: '另一块大屏' }), 0)
  })

  test('rejected: its author is told, nobody else', async () => {
    const { ming, hong, left } = all()
    const before = await hong.others.count()
    const id = await ming.said('不合适')
    await left.queued('不合适').locator('.reject').click()
    await ming.page.locator(`.mine[data-id="${id}"][data-state="notShown"]`).waitFor()
    expect(await hong.others.count()).toBe(before)
    expect(await left.stage.filter({ hasText: '不合适' }).count()).toBe(0)
  })

  test('two walls approve the same message at the same moment: it is shown once', async () => {
    const { ming, hong, left, right } = all()
    await ming.said('同时')
    for (const wall of [left, right]) await wall.queued('同时').waitFor()
    // The server stands still, so that neither click can have taken the other wall's button away.
    const gateway = gatewayOf(hall.server)
    process.kill(gateway, 'SIGSTOP')
    for (const wall of [left, right]) await wall.queued('同时').locator('.approve').click()
    process.kill(gateway, 'SIGCONT')
    await hong.page.locator('.message', { hasText: '同时' }).waitFor()
    await ming.said('在它之后')
    await left.queued('在它之后').locator('.approve').click()
    await hong.page.locator('.message', { hasText: '在它之后' }).waitFor()
    for (const wall of [left, right]) await wall.stage.getByText('在它之后').waitFor()
    expect(await hong.page.locator('.message', { hasText: '同时' }).count()).toBe(1)
    expect(await left.stage.filter({ hasText: '同时' }).count()).toBe(1)
    expect(await right.stage.filter({ hasText: '同时' }).count()).toBe(1)
  })

  test('clear asks first, then empties the queue of both walls; the authors are told', async () => {
    const { hong, left, right, far } = all()
    const ids = [await hong.said('丙'), await hong.said('丁')]
    for (const wall of [left, right]) await wall.queued('丁').waitFor()
    await right.press('j')
    await left.page.click('#clear')
    await left.page.getByRole('button', { name: '取消' }).click()
    expect(await left.queued('丙').count()).toBe(1)
    await left.page.click('#clear')
    await left.page.locator('#clear-dialog').getByRole('button', { name: '清空' }).click()
    await count(left.queue, 0)
    await eventually(async () => expect(await right.page.textContent('#queue-count')).toBe('0'))
    for (const id of ids) await hong.page.locator(`.mine[data-id="${id}"][data-state="notShown"]`).waitFor()
    expect(await far.queued('elsewhere').count()).toBe(1)
  })

  test('a broadcast stands large on the walls of the room and comes to its phones; recalled, it is gone', async () => {
    const { ming, hong, other, left, right, far } = all()
    await left.broadcast('抽奖 <b>现在</b> 开始')
    for (const wall of [left, right]) await texts(wall.spot, ['抽奖 <b>现在</b> 开始'])
    for (const phone of [ming, hong]) await texts(phone.broadcasts, ['抽奖 <b>现在</b> 开始'])
    await right.press('h')
    await count(right.history, 1)
    const recall = right.history.first().locator('.recall')
    await recall.click()
    await recall.getByText('确认撤回').click()
    for (const wall of [left, right]) await count(wall.spot, 0)
    for (const phone of [ming, hong]) {
      await phone.notes.getByText('大屏幕撤回了一条消息').waitFor()
      expect(await phone.broadcasts.count()).toBe(0)
    }
    await count(right.history, 0)
    await right.press('h')
    expect(await other.broadcasts.count()).toBe(0)
    expect(await far.spot.count()).toBe(0)
  })

  test('the walls know how many are in the room', async () => {
    const { left, far } = all()
    await left.page.getByText('2 人在场').waitFor()
    await far.page.getByText('1 人在场').waitFor()
    await texts(left.page.locator('#walls'), ['2'])
  })

  test('history: a phone reads up page by page, a wall turns pages and recalls what stands on an old one', async () => {
    const host = await Client.connect(hall.server.url(), wallUser('host', 'H'))
    await host.call('live.wall.join')
    for (let number = 1; number <= 23; number++) await host.call('live.wall.say', { say: `第${number}号` })
    const numbers = (from: number, to: number) =>
      Array.from({ length: Math.abs(to - from) + 1 }, (_, at) => `第${from < to ? from + at : from - at}号`)

    const phone = await hall.phone('reader', 'H')
    await texts(phone.broadcasts, numbers(14, 23))
    await host.call('live.wall.say', { say: '第24号' }) // the pages move under the reader
    await texts(phone.broadcasts, numbers(14, 24))
    await phone.page.click('#earlier')
    await texts(phone.broadcasts, numbers(5, 24))
    await phone.page.click('#earlier')
    await texts(phone.broadcasts, numbers(1, 24))
    await phone.page.locator('#earlier').waitFor({ state: 'hidden' })

    const wall = await hall.wall('pages', 'H')
    await wall.press('h')
    await texts(wall.history.locator('.text'), numbers(24, 15))
    // The server answers neither before both are made.
    const gateway = gatewayOf(hall.server)
    process.kill(gateway, 'SIGSTOP')
    await wall.page.click('#older')
    await wall.page.click('#older')
    process.kill(gateway, 'SIGCONT')
    await texts(wall.history.locator('.text'), numbers(4, 1))
    expect(await wall.page.isDisabled('#older')).toBe(true)
    const oldest = wall.history.last().locator('.recall')
    await oldest.click()
    await oldest.click()
    await texts(phone.broadcasts, numbers(2, 24))
    await texts(wall.history.locator('.text'), numbers(4, 2))
    await wall.page.click('#newer')
    await texts(wall.history.locator('.text'), numbers(14, 5))
    await host.close()
    await Promise.all([phone.close(), wall.close()])
  })

  test('nothing went wrong in any page', () => {
    expect(Object.values(all()).flatMap(({ wrongs }) => wrongs)).toEqual([])
  })
})
