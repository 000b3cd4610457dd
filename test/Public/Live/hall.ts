import { mkdirSync } from 'node:fs'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import { authString, Client, type UserFields } from '../../support/client'
import { eventually } from '../../support/eventually'
import { Server } from '../../support/server'
import { launch } from '../browser'

/** A page on a machine that has much else to do. */
const PATIENCE_MS = 15_000

const SCREENSHOTS = 'Runtime/screenshots'

export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  reducedMotion: 'reduce',
  isMobile: true,
}
/** Without motion, which costs a machine without a graphics card more than all the rest. */
export const SCREEN: BrowserContextOptions = { viewport: { width: 1280, height: 720 }, reducedMotion: 'reduce' }

/** A server with its pages, and one browser for everybody in the hall. */
export class Hall {
  readonly server: Server
  readonly browser: Browser
  readonly #clients: Client[] = []

  private constructor(server: Server, browser: Browser) {
    this.server = server
    this.browser = browser
  }

  static async open(): Promise<Hall> {
    const [server, browser] = await Promise.all([Server.start({ env: { APP_MODE: 'base' } }), launch()])
    return new Hall(server, browser)
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()))
    await this.browser.close()
    await this.server.stop()
  }

  /** A phone that is in its room. */
  async phone(nickname: string, code = 'A', options: BrowserContextOptions = {}): Promise<Phone> {
    const phone = new Phone(await this.page('user', authOf('wechatUser', nickname, code), { ...PHONE, ...options }))
    await phone.isLive()
    return phone
  }

  /** A big screen that is in its room, with its panel open. */
  async wall(nickname: string, code = 'A', options: BrowserContextOptions = {}): Promise<Wall> {
    const wall = new Wall(await this.page('wall', authOf('wall', nickname, code), { ...SCREEN, ...options }))
    await wall.isLive()
    return wall
  }

  /** Somebody without a page who is in his room. */
  async client(user: UserFields): Promise<Client> {
    const client = await Client.connect(this.server.url(), user)
    this.#clients.push(client)
    await client.call(user.type === 'wall' ? 'live.wall.join' : 'live.user.join')
    return client
  }

  /** A page in a browser of its own. */
  async page(
    name: 'user' | 'wall',
    query: string,
    options: BrowserContextOptions,
    port = this.server.port(),
  ): Promise<Page> {
    const context = await this.browser.newContext({ locale: 'zh-CN', ...options })
    const page = await context.newPage()
    await page.goto(this.link(name, query, port))
    return page
  }

  link(name: 'user' | 'wall', query: string, port = this.server.port()): string {
    return `http://127.0.0.1:${port}/live/${name}.html?${query}`
  }
}

/** The query of a link. */
export const authOf = (type: string, nickname: string, code: string) =>
  `room=${code}&auth=${authString({ id: `${type} ${nickname} ${code}`, type, code, nickname })}`

class Seat {
  readonly page: Page
  /** Dialogs, and errors of scripts: there should be none. */
  readonly wrongs: string[] = []

  constructor(page: Page) {
    this.page = page
    page.on('dialog', (dialog) => {
      this.wrongs.push(dialog.message())
      dialog.dismiss()
    })
    page.on('pageerror', ({ message }) => this.wrongs.push(message))
  }

  async isLive(): Promise<void> {
    await this.page.locator('.status[data-status="live"]').last().waitFor()
  }

  close(): Promise<void> {
    return this.page.context().close()
  }

  /** For a person to look at. */
  async shoot(name: string): Promise<void> {
    mkdirSync(SCREENSHOTS, { recursive: true })
    await this.page.evaluate(SETTLE)
    await this.page.screenshot({ path: `${SCREENSHOTS}/${name}.png` })
  }
}

/** What comes in has come in. */
const SETTLE = `for (const it of document.getAnimations()) {
  if (!it.effect.target.dataset.lane && it.effect.getComputedTiming().endTime < Infinity) it.finish()
}`

export class Phone extends Seat {
  /** Its own messages. */
  readonly mine = this.page.locator('#messages > .mine')
  /** Those of others in the room. */
  readonly others = this.page.locator('#messages > .message .bubble')
  readonly broadcasts = this.page.locator('#messages > .broadcast .text')
  readonly notes = this.page.locator('#messages > .note')

  /** @returns the message in the log */
  async say(text: string): Promise<Locator> {
    await this.page.fill('#text', text)
    await this.page.press('#text', 'Enter')
    return this.mine.last()
  }

  /** Says it, and waits until the server has it. @returns its id */
  async said(text: string): Promise<string> {
    await (await this.say(text)).and(this.page.locator('[data-state="pending"]')).waitFor()
    return (await this.mine.last().getAttribute('data-id')) ?? ''
  }
}

export class Wall extends Seat {
  readonly queue = this.page.locator('#queue > li')
  readonly selected = this.page.locator('#queue > li[aria-current="true"]')
  /** What was approved, on the stage. */
  readonly stage = this.page.locator('#flying > p, #calm > li')
  readonly spot = this.page.locator('#spot:not([hidden]) .words')
  readonly history = this.page.locator('#broadcasts > li')

  press(key: string): Promise<void> {
    return this.page.keyboard.press(key)
  }

  /** The message of this text in the queue. */
  queued(text: string): Locator {
    return this.queue.filter({ hasText: text })
  }

  async broadcast(text: string): Promise<void> {
    await this.press('b')
    await this.page.fill('#say textarea', text)
    await this.page.press('#say textarea', 'Enter')
    await eventually(async () => expect(await this.page.inputValue('#say textarea')).toBe(''))
    await this.press('Escape')
  }
}

/** Waits until these are the texts. */
export const texts = (locator: Locator, expected: readonly string[]) =>
  eventually(async () => expect(await locator.allTextContents()).toEqual(expected), PATIENCE_MS)

export const count = (locator: Locator, expected: number) =>
  eventually(async () => expect(await locator.count()).toBe(expected), PATIENCE_MS)
