import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client } from '../../support/client'
import { Server } from '../../support/server'

let server: Server
let client: Client
beforeAll(async () => {
  server = await Server.start({ fixture: 'wire' })
  client = await Client.connect(server.url())
})
afterAll(() => server.stop())

const OF_OBJECTS = Object.getOwnPropertyNames(Object.prototype)
const OF_FUNCTIONS = [...Object.getOwnPropertyNames(Function.prototype), 'prototype']
const HOOKS = ['onClose', 'onReload', 'onShutdown', 'onMessage', 'onOpen']
const UNDECLARED = ['helper', 'secret', '#secret', 'property', 'fd', 'then', '__esModule', 'default', 'Echo']
const NAMES = [...new Set([...OF_OBJECTS, ...OF_FUNCTIONS, ...HOOKS, ...UNDECLARED])]

const variants = (name: string) => [...new Set([name, name.toLowerCase(), name.toUpperCase(), `${name}.`])]

/** Calls many methods at once, at most as many as may be in flight. @returns the events, by method */
async function events(methods: readonly string[]): Promise<Map<string, string>> {
  const got = new Map<string, string>()
  for (let at = 0; at < methods.length; at += 20) {
    const some = methods.slice(at, at + 20)
    const frames = await Promise.all(some.map((method) => client.call(method)))
    frames.forEach((frame, n) => {
      got.set(some[n] ?? '', frame.event)
    })
  }
  return got
}

const odd = (got: Map<string, string>, ...allowed: string[]) => [...got].filter(([, event]) => !allowed.includes(event))

describe('no method reaches what is not declared', () => {
  test('not as an action, in any spelling', async () => {
    const methods = NAMES.flatMap(variants).flatMap((name) => [`echo.echo.${name}`, `..echo.echo.${name}`])
    expect(odd(await events(methods), 'methodNotFound')).toEqual([])
  })

  test('not with fewer segments', async () => {
    const methods = NAMES.flatMap(variants).flatMap((name) => [name, `room.${name}`])
    expect(odd(await events(methods), 'methodNotFound')).toEqual([])
  })

  test('not as a controller, nor as a module', async () => {
    const names = NAMES.filter((name) => name !== 'Echo') // which is there, as a module and as a controller
    const methods = names.flatMap((name) => [`echo.${name}.data`, `${name}.echo.data`, `${name}.${name}.${name}`])
    expect(odd(await events(methods), 'controllerNotFound')).toEqual([])
  })

  test('not by more segments, nor by a path', async () => {
    const methods = [
      'echo.echo.data.constructor',
      'echo/echo/data',
      '../Echo.Echo.data',
      'echo.echo.data\0',
      'echo.echo.data ',
    ]
    expect(odd(await events(methods), 'methodNotFound', 'controllerNotFound')).toEqual([])
  })

  test('what is declared is called, in any case', async () => {
    expect(odd(await events(['echo.echo.data', 'ECHO.ECHO.DATA', '.echo.echo.data.']), 'echo')).toEqual([])
  })
})

describe('a controller with onMessage', () => {
  test('gets, as calls of an undeclared action, what it does not declare; nothing else of it is reached', async () => {
    const methods = NAMES.flatMap(variants).map((name) => `rest.rest.${name}`)
    expect(odd(await events(methods), 'rest')).toEqual([])
    expect((await client.call('rest.rest.KNOWN')).event).toBe('known')
  })

  test('gets the data as an action does', async () => {
    const { param } = await client.call('rest.rest.whatever', { say: '<', fd: 9, code: 'x' })
    expect(param).toMatchObject({ say: '&lt;', code: 'A', auth: { id: '1' } })
    expect(param).not.toHaveProperty('method')
    expect(param).not.toHaveProperty('callId')
    expect(Object(param).fd).not.toBe(9)
  })
})

describe('__proto__ in the data', () => {
  /** What an action can find in its data, with a schema or without. */
  const KERNEL = ['auth', 'code', 'fd', 'id', 'nickname', 'type']
  const texts = [
    '"__proto__":{"polluted":1}',
    '"\\u005f\\u005fproto__":{"polluted":1}',
    '"__proto__":{"__proto__":{"polluted":1}}',
    '"__proto__":[{"polluted":1}]',
    '"__proto__":"polluted"',
    '"__proto__":null',
    '"inner":{"__proto__":{"polluted":1}}',
    '"inner":{"list":[{"__proto__":{"polluted":1}}]}',
  ]

  test.each(texts)('reaches no action: %s', async (text) => {
    const callId = `p${text}`
    client.send(`{"method":"echo.echo.reach","callId":${JSON.stringify(callId)},${text}}`)
    const { param } = await client.next((frame) => frame.callId === callId && frame.event === 'reach')
    const found: unknown[] = Array.isArray(param) ? param : []
    expect(found.filter((name) => !['inner', 'list', '0'].includes(String(name)))).toEqual(KERNEL)
  })

  test.each(texts)('reaches no action that has a schema, and takes nothing past the filter: %s', async (text) => {
    const callId = `s${text}`
    const filtered = text.includes('inner') ? text.replace('{', '{"say":"<b>",') : `${text},"inner":{"say":"<b>"}`
    client.send(`{"method":"echo.echo.loose","callId":${JSON.stringify(callId)},${filtered}}`)
    const frame = await client.next((frame) => frame.callId === callId && frame.event !== 'receiveMessage')
    expect(JSON.stringify(frame.param)).toContain('&lt;b&gt;')
    expect(JSON.stringify(frame.param)).not.toContain('<b>')
    expect(JSON.stringify(frame.param)).not.toContain('polluted')
  })

  test('has polluted nothing in the end', async () => {
    const { param } = await client.call('echo.echo.reach')
    expect(param).toEqual(KERNEL)
  })

  test('constructor and prototype are names of data like any other', async () => {
    const data = { constructor: { prototype: { polluted: 1 } }, prototype: 1, toString: 'x', hasOwnProperty: 'y' }
    const { param } = await client.call('echo.echo.data', data)
    expect(param).toMatchObject(data)
    expect((await client.call('echo.echo.reach')).param).toEqual(KERNEL)
  })
})

test('nothing that must never be sent was sent', async () => {
  await client.close()
  expect(client.texts.length).toBeGreaterThan(500)
  expect(client.texts.filter((text) => text.includes('mustNeverBeSent'))).toEqual([])
})
