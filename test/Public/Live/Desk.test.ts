import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Client, phone as phoneUser, wall as wallUser } from '../../support/client'
import { eventually } from '../../support/eventually'
import { noBrowser } from '../browser'
import { count, Hall, texts } from './hall'

const NASTY = `<img src=x onerror=alert(1)>&lt;b&gt; "quoted" 'it' &amp;`

describe.skipIf(noBrowser !== undefined)("a wall's page in Chromium", () => {
  let hall: Hall
  beforeAll(async () => {
    hall = await Hall.open()
  })
  afterAll(() => hall.close())

  /** Says all of these in a room, by as many users as it takes: one may only say so much. @returns the ids */
  async function saying(code: string, says: readonly string[]): Promise<unknown[]> {
    const ids: unknown[] = []
    let phone: Client | undefined
    for (const [index, say] of says.entries()) {
      if (index % 4 === 0 || !phone) phone = await hall.client(phoneUser(`${code}${index}`, code))
      ids.push((await phone.call('live.user.say', { say })).param)
    }
    return ids
  }

  test('review by the keyboard alone; what comes in moves nobody’s hand', async () => {
    const wall = await hall.wall('keys', 'K')
    await saying('K', ['一', '二', '三', '四'])
    await texts(wall.queue.locator('.text'), ['一', '二', '三', '四'])
    const selected = (text: string) => texts(wall.selected.locator('.text'), [text])
    await selected('一')
    await wall.press('ArrowDown')
    await wall.press('j')
    await wall.press('k')
    await selected('二')
    expect(await wall.page.evaluate('document.activeElement.ariaCurrent')).toBe('true')

    const late = await hall.client(phoneUser('late', 'K'))
    await late.call('live.user.say', { say: '后来的' })
    await count(wall.queue, 5)
    await selected('二')

    await wall.press('r')
    await selected('三')
    await wall.press('Enter')
    await selected('四')
    await wall.stage.getByText('三').waitFor()
    await wall.press('a')
    await wall.stage.getByText('四').waitFor()
    await texts(wall.queue.locator('.text'), ['一', '后来的'])

    await wall.press('?')
    await wall.page.locator('#keys-dialog[open]').waitFor()
    await wall.press('a') // judges nothing that lies under a dialog
    await wall.press('Escape')
    await wall.page.locator('#keys-dialog').waitFor({ state: 'hidden' })
    await wall.press('p')
    await wall.page.locator('body:not(.panel)').waitFor()
    await wall.press('a') // nor what is not seen
    await wall.press('p')
    await texts(wall.queue.locator('.text'), ['一', '后来的'])

    await wall.broadcast('键盘广播 arjp')
    await texts(wall.spot, ['键盘广播 arjp'])
    await wall.press('Shift+C')
    await wall.press('Enter') // the first button of the question is the harmless one
    await wall.page.locator('#clear-dialog').waitFor({ state: 'hidden' })
    expect(await wall.queue.count()).toBe(2)
    await wall.press('Shift+C')
    await wall.press('Tab')
    await wall.press('Enter')
    await count(wall.queue, 0)
    expect(wall.wrongs).toEqual([])
    await wall.close()
  })

  test('markup, emoji, right to left and 5,000 characters are text, and stay in their place', async () => {
    const [wall, phone] = [await hall.wall('texts', 'T'), await hall.phone('reader', 'T')]
    const host = await hall.client(wallUser('host', 'T'))
    const emoji = '👩‍👩‍👧‍👦🎉 مرحبا'
    await saying('T', [NASTY, emoji, '长'.repeat(500)])
    await texts(wall.queue.locator('.text').first(), [NASTY])
    for (const left of [2, 1, 0]) {
      await wall.press('a')
      await count(wall.queue, left)
    }
    await texts(phone.others.first(), [NASTY])
    await texts(phone.others.nth(1), [emoji])
    expect(await phone.others.nth(2).textContent()).toHaveLength(500)
    await phone.page.locator('.message .unfold').click()
    const stage = wall.stage
    await stage.getByText(NASTY).waitFor()
    await stage.getByText('长').waitFor()
    expect((await stage.getByText('长').textContent())?.length).toBeLessThan(70)

    const long = `${NASTY}${'很长'.repeat(2400)}`
    await host.call('live.wall.say', { say: long })
    await eventually(async () => expect((await phone.broadcasts.textContent())?.length).toBe(long.length))
    const box = await phone.page.locator('.broadcast').boundingBox()
    expect(box?.height).toBeLessThan(500)
    await eventually(async () => expect((await wall.spot.textContent())?.startsWith(NASTY.slice(0, 20))).toBe(true))
    await wall.press('h')
    await wall.history.locator('.unfold').waitFor()
    for (const page of [wall.page, phone.page]) {
      expect(await page.locator('img, b b').count()).toBe(0)
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    }
    expect([...wall.wrongs, ...phone.wrongs]).toEqual([])
    await Promise.all([wall.close(), phone.close()])
  })

  test('texts on the stage never touch, and a rush of them waits its turn', async () => {
    const wall = await hall.wall('rush', 'D', { reducedMotion: 'no-preference' })
    const says = Array.from({ length: 30 }, (_, number) => `${number} ${'哈'.repeat(number % 12)}`)
    const host = await hall.client(wallUser('host', 'D'))
    const ids = await saying('D', says)
    await count(wall.queue, says.length)
    // All at once: those that come later, one by one, would find lanes free again.
    await Promise.all(ids.map((id) => host.call('live.wall.check', { id, status: 1 })))
    await wall.page.locator('#backlog').waitFor()
    const boxes = await wall.page.evaluate<[lane: string, left: number, right: number][]>(
      "[...document.querySelectorAll('#flying > p[data-lane]')].map((p) => [p.dataset.lane, p.getBoundingClientRect().left, p.getBoundingClientRect().right])",
    )
    expect(boxes.length).toBeGreaterThan(5)
    for (const [lane, left, right] of boxes) {
      const touching = boxes.filter(([other, from, to]) => other === lane && from < right && left < to)
      expect(touching).toHaveLength(1) // itself
    }
    expect(wall.wrongs).toEqual([])
    await wall.close()
  })

  test('for those whom motion troubles the texts stand, the latest ones only', async () => {
    const wall = await hall.wall('calm', 'M')
    const says = Array.from({ length: 10 }, (_, number) => `静${number}`)
    const ids = await saying('M', says)
    await count(wall.queue, says.length)
    const host = await hall.client(wallUser('host', 'M'))
    for (const id of ids) await host.call('live.wall.check', { id, status: 1 })
    await texts(wall.page.locator('#calm > li > span'), says.slice(2))
    expect(await wall.page.locator('#flying > p').count()).toBe(0)
    await wall.close()
  })
})
