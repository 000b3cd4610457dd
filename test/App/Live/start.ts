import { type StartOptions, startApp, type TestApp, type User as Visitor } from 'mswoole-ts/test'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { User } from '../../../App/Live/Controller/User'
import { Wall } from '../../../App/Live/Controller/Wall'
import * as wallMessage from '../../../App/Live/Migration/0001_wall_message'
import * as userMessage from '../../../App/Live/Migration/0002_user_message'

/** The sample App/Live with its tables, for the tests of a file: each has a room of its own, and leaves nothing of its visitors behind. */
export class Live {
  /** Code of the present test's room. */
  code = ''
  #app: TestApp | undefined
  readonly #visitors: Visitor[] = []

  /** @param others modules beside it */
  constructor(others: StartOptions['modules'] = {}) {
    let rooms = 0
    beforeAll(async () => {
      this.#app = await startApp({
        modules: { Live: { User, Wall }, ...others },
        migrations: { 'Live/0001_wall_message': wallMessage, 'Live/0002_user_message': userMessage },
      })
    })
    beforeEach(() => {
      this.code = `R${++rooms}`
    })
    afterEach(async () => {
      await Promise.all(this.#visitors.map((visitor) => visitor.close()))
      for (const visitor of this.#visitors.splice(0)) await this.app.expectNothingLeft(visitor)
    })
    afterAll(() => this.app.stop())
  }

  get app(): TestApp {
    if (this.#app === undefined) throw new Error('the app has not started')
    return this.#app
  }

  /** A phone or a wall. */
  async connected(kind: 'user' | 'wall', id: string, code = this.code): Promise<Visitor> {
    const type = kind === 'user' ? 'wechatUser' : 'wall'
    const visitor = await this.app.client({ id, type, code, nickname: `n${id}` })
    this.#visitors.push(visitor)
    return visitor
  }

  /** One that has joined its room. */
  async joined(kind: 'user' | 'wall', id: string, code = this.code): Promise<Visitor> {
    const visitor = await this.connected(kind, id, code)
    await visitor.call(`live.${kind}.join`)
    return visitor
  }
}
