import { readdirSync } from 'node:fs'
import { type App, action, Cache, type OnShutdown } from 'mswoole-ts'
import { startApp } from 'mswoole-ts/test'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import WebSocket from 'ws'
import { connect } from '../../../Public/static/client.js'
import { temporary } from '../../support/program'
import { startRedis } from '../../support/redis'
import { Kit } from './room'

const modules = { Kit: { Kit } }

/** A folder for what is temporary; the kit must leave nothing there. */
const tmp = temporary()
beforeAll(() => {
  vi.stubEnv('TMPDIR', tmp)
})
afterAll(() => {
  vi.unstubAllEnvs()
})

test('apps come one after the other, each with a store of its own; what one has left the next one does not see', async () => {
  for (const round of [1, 2, 3]) {
    const app = await startApp({ modules })
    expect(await app.store.incr('ROUNDS')).toBe(1)
    const user = await app.client({ id: `user ${round}` })
    expect(await user.call('kit.kit.join')).toMatchObject({ status: 200 })
    await app.stop()
    await app.stop()
    expect(await user.closed).toEqual({ code: 1001, reason: 'server stops' })
    expect(() => Cache.get('master')).toThrow('was closed')
  }
  expect(readdirSync(tmp)).toEqual([])
})

test('a second app at once is refused, and says what to do; the first one goes on', async () => {
  const app = await startApp({ modules })
  await expect(startApp({ modules })).rejects.toThrow(/an app is running in this process.*await its stop\(\)/)
  expect(await (await app.client()).call('kit.kit.who')).toMatchObject({ status: 200 })
  await app.stop()
  await (await startApp({ modules })).stop()
})

test('an app that cannot be started says why, and leaves nothing in the way of the next one', async () => {
  class Empty {}
  class Broken {
    constructor() {
      throw new Error('made on purpose')
    }
    @action()
    index() {}
  }
  await expect(startApp({ modules: { Room: { Empty, Broken } } })).rejects.toThrow(
    /App\/Room\/Controller\/Empty.ts: Empty declares no action(.|\n)*Broken cannot be made, its constructor failed.*made on purpose/,
  )
  await expect(startApp({ modules, config: { setting: { max_in_flight: 0 } } })).rejects.toThrow(
    'setting.max_in_flight',
  )
  await expect(startApp({ modules, redis: 'redis://127.0.0.1:1', quiet: true })).rejects.toThrow(
    'does not answer; start it',
  )
  await expect(startApp({ folder: '/nowhere' })).rejects.toThrow('build the project first')
  await (await startApp({ modules })).stop()
  expect(readdirSync(tmp)).toEqual([])
})

test('onShutdown runs at the stop, while clients are still there', async () => {
  class Last implements OnShutdown {
    @action()
    index() {}
    onShutdown(app: App) {
      app.toAll().send('goodbye', 'we stop')
    }
  }
  const app = await startApp({ modules: { Last: { Last } } })
  const user = await app.client()
  await app.stop()
  expect(user.frames).toMatchObject([{ event: 'goodbye' }])
})

test('disposing of it stops it', async () => {
  const app = await startApp({ modules })
  const user = await app.client()
  await app[Symbol.asyncDispose]()
  expect(await user.closed).toMatchObject({ code: 1001 })
})

test('has the ports of its configuration: one without auth lets anybody in', async () => {
  const app = await startApp({
    modules,
    config: {
      outside: { main: {}, open: { auth: false, port: 80, host: '0.0.0.0' } },
      auth: { accept: ['v2'], key: ['k'] },
    },
  })
  const somebody = await app.client(null, { port: 'open' })
  const { param } = await somebody.call('kit.kit.who')
  expect(param).toEqual({ fd: somebody.fd })
  expect(await (await app.client({ id: 1 })).call('kit.kit.who')).toMatchObject({ param: { auth: { id: 1 } } })
  expect(() => app.url).toThrow('start it with { port: true }')
  await app.stop()
})

test('with a port real clients and those of the kit are together', async () => {
  const app = await startApp({ modules, port: true })
  const user = await app.client()
  const library = connect(app.url, { auth: () => app.auth({ id: 'lib' }), open: (url) => new WebSocket(url) })
  const heard = new Promise((resolve) => library.on('said', resolve))
  expect((await library.call('kit.kit.who')).param).toMatchObject({ auth: { id: 'lib', type: 'wechatUser' } })
  await library.call('kit.kit.join')
  await user.call('kit.kit.say', { word: 'hi' })
  expect(await heard).toMatchObject({ param: 'HI' })
  const closed = new Promise((resolve) => library.onState((_, { code }) => resolve(code)))
  await app.stop()
  expect(await closed).toBe(1001)
  library.close()
})

test('on a Redis: messages go over its bus, none waits for them, and nothing of the app is left in it', async () => {
  const redis = await startRedis()
  const app = await startApp({ modules, redis: redis.url })
  const [user, other] = [await app.client({ id: 'r' }), await app.client()]
  await user.call('kit.kit.join')
  other.send({ method: 'kit.kit.say', word: 'hi' })
  await expect(user.none('said')).rejects.toThrow('said came once')
  expect(await app.leftovers(user)).toContain('KIT_GROUP')
  await user.close()
  await app.expectNothingLeft(user)
  await app.stop()
  const next = await startApp({ modules, redis: redis.url })
  expect((await next.store.keys('*')).filter((key) => !/_INSTANCE/.test(key))).toEqual([])
  await next.stop()
  await redis.stop()
})

test('prints errors unless it is to be quiet, and nothing else', async () => {
  const print = vi.spyOn(console, 'error').mockImplementation(() => {})
  const out = vi.spyOn(process.stdout, 'write')
  for (const quiet of [false, true]) {
    const app = await startApp({ modules, quiet })
    await (await app.client()).call('kit.kit.throws')
    expect(app.log.filter(({ level }) => level === 'error')).toHaveLength(1)
    await app.stop()
  }
  expect(print.mock.calls).toEqual([
    [expect.stringMatching(/^\[error\] an action failed \(Kit.Kit.throws, fd \d+\)\nTypeError: thrown/)],
  ])
  expect(out.mock.calls.filter(([text]) => String(text).includes('"level"'))).toEqual([])
  vi.restoreAllMocks()
})
