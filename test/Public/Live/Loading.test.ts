import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../support/eventually'
import { noBrowser } from '../browser'
import { authOf, Hall, Phone, SCREEN } from './hall'

describe.skipIf(noBrowser !== undefined)('a page of which a part does not come', () => {
  let hall: Hall
  beforeAll(async () => {
    hall = await Hall.open()
  })
  afterAll(() => hall.close())

  test.each([
    ['user', 'wechatUser', 'shared/wire.js'],
    ['user', 'wechatUser', 'user.css'],
    ['wall', 'wall', 'wall.js'],
    ['wall', 'wall', 'base.css'],
  ] as const)('%s.html (%s) without %s asks for itself again when the server is there', async (name, type, part) => {
    const page = await (await hall.browser.newContext(SCREEN)).newPage()
    const asked: string[] = []
    // As Chromium does to what is under way when the network changes.
    await page.route(`**/live/${part}`, (route) =>
      asked.push('part') === 1 ? route.abort('internetdisconnected') : route.continue(),
    )
    await page.route(`**/live/${name}.html*`, (route) => {
      if (route.request().method() !== 'HEAD') return route.continue()
      return asked.push('head') === 2 ? route.abort('internetdisconnected') : route.continue()
    })
    let loads = 0
    page.on('load', () => loads++)
    await page.goto(hall.link(name, authOf(type, part, 'A')))
    await eventually(() => expect(loads).toBe(2))
    await new Phone(page).isLive()
    expect(asked).toEqual(['part', 'head', 'head', 'part'])
    await page.context().close()
  })
})
