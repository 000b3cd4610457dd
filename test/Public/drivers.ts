import type { Browser, Page } from 'playwright-core'
import WebSocket from 'ws'
import {
  type CallError,
  type Client,
  connect,
  type Frame,
  type State,
  type StateDetail,
} from '../../Public/static/client.js'
import { authString, phone } from '../support/client'
import { launch } from './browser'

export interface Options {
  readonly url: string
  readonly heartbeat?: number
  /** Joins the room after every connect. */
  readonly joins?: boolean
}

/** What became of a call. */
export type Outcome = Frame | { readonly failed: number; readonly event: string }

/** A client in some place where clients run, as a test uses it. */
export interface Driven {
  call(method: string, data?: object, timeout?: number): Promise<Outcome>
  /** The state now, and those before it. */
  states(): Promise<readonly (StateDetail & { readonly state: State; readonly at: number })[]>
  /** Texts that were said in the room. */
  said(): Promise<readonly string[]>
  /** How often an auth string was asked for. */
  asked(): number
  close(): Promise<void>
}

export interface Place {
  connect(options: Options): Promise<Driven>
  end(): Promise<void>
}

let users = 0

/** In this process. */
export class NodePlace implements Place {
  async connect({ url, heartbeat, joins }: Options): Promise<Driven> {
    let asked = 0
    const user = phone(`node${++users}`)
    const client = connect(url, {
      auth: () => {
        asked++
        return authString(user)
      },
      open: (address) => new WebSocket(address),
      ...(heartbeat !== undefined && { heartbeat }),
    })
    const states: (StateDetail & { state: State; at: number })[] = []
    const said: string[] = []
    client.onState((state, detail) => states.push({ state, ...detail, at: Date.now() }))
    client.onError(() => {})
    client.on('said', ({ info }) => said.push(info))
    if (joins) client.onOpen(() => client.call('chat.room.join'))
    return {
      call: (method, data = {}, timeout = 10_000) => outcome(client, method, data, timeout),
      states: async () => states,
      said: async () => said,
      asked: () => asked,
      close: async () => client.close(),
    }
  }

  async end(): Promise<void> {}
}

async function outcome(client: Client, method: string, data: object, timeout: number): Promise<Outcome> {
  try {
    return await client.call(method, data, { timeout })
  } catch (error) {
    const { status, event } = asCallError(error)
    return { failed: status, event }
  }
}

function asCallError(error: unknown): Pick<CallError, 'status' | 'event'> {
  if (error instanceof Error && 'status' in error && 'event' in error) {
    return { status: Number(error.status), event: String(error.event) }
  }
  throw error
}

/** In a page of a real browser, which loads the library from the server. */
export class BrowserPlace implements Place {
  readonly #browser: Browser

  private constructor(browser: Browser) {
    this.#browser = browser
  }

  static async launch(): Promise<BrowserPlace> {
    return new BrowserPlace(await launch())
  }

  async connect({ url, heartbeat, joins = false }: Options): Promise<Driven> {
    const page = await this.#browser.newPage()
    let asked = 0
    const user = phone(`page${++users}`)
    await page.exposeFunction('askAuth', () => {
      asked++
      return authString(user)
    })
    await page.goto(url.replace('ws:', 'http:'))
    await page.addScriptTag({ content: SCRIPT })
    await page.evaluate(`window.startClient(${JSON.stringify({ url, heartbeat, joins })})`)
    return {
      call: (method, data = {}, timeout = 10_000) =>
        evaluate(page, `window.callClient(${JSON.stringify(method)}, ${JSON.stringify(data)}, ${timeout})`),
      states: () => evaluate(page, 'window.states'),
      said: () => evaluate(page, 'window.said'),
      asked: () => asked,
      close: async () => {
        await page.evaluate('window.client.close()')
        await page.close()
      },
    }
  }

  end(): Promise<void> {
    return this.#browser.close()
  }
}

const evaluate = <T>(page: Page, script: string): Promise<T> => page.evaluate<T>(script)

/** The same as the place above does, for the page. */
const SCRIPT = `
window.states = []
window.said = []
window.startClient = ({ url, heartbeat, joins }) => {
  const client = (window.client = window.connectClient(url, { auth: () => window.askAuth(), heartbeat }))
  client.onState((state, detail) => window.states.push({ state, ...detail, at: Date.now() }))
  client.onError(() => {})
  client.on('said', ({ info }) => window.said.push(info))
  if (joins) client.onOpen(() => client.call('chat.room.join'))
}
window.callClient = (method, data, timeout) =>
  window.client.call(method, data, { timeout }).catch(({ status, event }) => ({ failed: status, event }))
`
