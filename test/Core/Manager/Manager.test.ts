import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, phone, wall } from '../../support/client'
import { eventually } from '../../support/eventually'
import { MODES } from '../../support/modes'
import { Server } from '../../support/server'
import { addressOf, ask, knock, tokenOf } from './ask'

describe.each(MODES)('the manager port, %s mode', (mode) => {
  let server: Server
  beforeAll(async () => {
    server = await Server.start({ env: { APP_MODE: mode } })
  })
  afterAll(() => server.stop())

  test("status is MSwoole's three lines, and counts the clients of public ports only", async () => {
    const clients = [await Client.connect(server.url()), await Client.connect(server.url(), wall('2'))]
    await eventually(async () => {
      const { answers, code } = await ask(server.runtime, '{"method":"status"}')
      const [text = ''] = answers
      expect(text).toMatch(/^当前服务器共有 2 个连接\n主进程PID: \d+\n内存占用量: \d+\.\d\dMB\n$/)
      expect(text).toContain(`主进程PID: ${server.process.pid}\n`)
      expect({ count: answers.length, code }).toEqual({ count: 1, code: 1000 })
    })
    for (const client of clients) await client.close()
  })

  test('status as JSON names every process', async () => {
    const { answers } = await ask(server.runtime, '{"method":"status","format":"json"}')
    const { ok, status } = JSON.parse(answers[0] ?? '')
    expect(ok).toBe(true)
    expect(status).toMatchObject({ pid: server.process.pid, connections: 0, gateways: [{ instance: 0 }] })
    expect(status.workers.length).toBe(mode === 'base' ? 0 : 1)
    for (const { pid } of [...status.gateways, ...status.workers]) expect(() => process.kill(pid, 0)).not.toThrow()
  })

  test('say reaches each public connection exactly once, and tells how many', async () => {
    const clients: Client[] = []
    for (let n = 0; n < 5; n++) clients.push(await Client.connect(server.url(), phone(`${n}`)))
    const { answers } = await ask(server.runtime, '{"method":"say","say":"停机 <通知>"}')
    expect(answers).toEqual(['已发送给 5 个连接'])
    for (const client of clients) {
      expect(await client.next('serverBroadcast')).toEqual({
        status: 200,
        event: 'serverBroadcast',
        info: '收到服务广播内容',
        param: '停机 <通知>',
      })
    }
    for (const client of clients) {
      await client.call('index.index.index') // what was sent before has come by now
      expect(client.frames.all.filter(({ event }) => event === 'serverBroadcast')).toHaveLength(1)
      await client.close()
    }
  })

  test.each([
    ['no JSON', 'hello', '格式不符合规范'],
    ['no object', '[1]', '格式不符合规范'],
    ['no method', '{}', '格式不符合规范'],
    ['a method that is no text', '{"method":1}', '格式不符合规范'],
    ['say without a text', '{"method":"say"}', '格式不符合规范'],
    ['an unknown method', '{"method":"constructor"}', '指令无效'],
  ])('%s is answered in words, and changes nothing', async (_, command, answer) => {
    expect(await ask(server.runtime, command)).toEqual({ answers: [answer], code: 1000 })
    const json = command.startsWith('{') ? command.replace(/^\{(?=.)/, '{"format":"json",').replace(',}', '}') : command
    if (json !== command) {
      const { answers } = await ask(server.runtime, json)
      expect(JSON.parse(answers[0] ?? '')).toEqual({ ok: false, message: answer })
    }
  })

  test('only who has the token may command it, and no web page', async () => {
    const authorization = `Bearer ${tokenOf(server.runtime)}`
    expect(await knock(server.runtime, {})).toBe(401)
    expect(await knock(server.runtime, { authorization: 'Bearer wrong' })).toBe(401)
    expect(await knock(server.runtime, { authorization: authorization.slice(0, -1) })).toBe(401)
    expect(await knock(server.runtime, { authorization, origin: 'http://127.0.0.1' })).toBe(403)
    expect(await knock(server.runtime, { authorization })).toBe(101)
  })

  test('its token and address are for the owner of the Runtime folder only', () => {
    for (const file of ['manager.token', 'manager.address']) {
      expect(statSync(join(server.runtime, file)).mode & 0o777).toBe(0o600)
    }
    expect(tokenOf(server.runtime).length).toBeGreaterThanOrEqual(32)
  })

  test('health needs no token, and is not for web pages either', async () => {
    const get = async (path: string, headers: Record<string, string> = {}) =>
      (await fetch(`http://${addressOf(server.runtime)}${path}`, { headers })).status
    expect(await get('/healthz')).toBe(200)
    expect(await get('/readyz')).toBe(200)
    expect(await get('/')).toBe(404)
    expect(await get('/healthz', { origin: 'http://evil.example' })).toBe(403)
    const posted = await fetch(`http://${addressOf(server.runtime)}/healthz`, { method: 'POST' })
    expect(posted.status).toBe(405)
  })

  test('a flood of attempts is refused, and passes', async () => {
    const began = performance.now()
    const statuses = await Promise.all(
      Array.from({ length: 200 }, () => knock(server.runtime, { authorization: 'Bearer x' })),
    )
    expect(statuses).toContain(429)
    const seconds = Math.floor((performance.now() - began) / 1000) + 2 // that it may have touched
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(20 * seconds)
    await eventually(async () => {
      const { answers } = await ask(server.runtime, '{"method":"status"}')
      expect(answers).toHaveLength(1)
    })
  })
})

test('a token of one own is used as it is', async () => {
  const server = await Server.start({ env: { APP_MANAGER_TOKEN: 'of-my-own' } })
  expect(tokenOf(server.runtime)).toBe('of-my-own')
  expect(await knock(server.runtime, { authorization: 'Bearer of-my-own' })).toBe(101)
  await server.stop()
})

test('an address that other machines reach needs a token of one own', async () => {
  const { code, output } = await Server.fail({ env: { APP_MANAGER_HOST: '0.0.0.0' } })
  expect(code).toBe(1)
  expect(output).toContain('manager.host is 0.0.0.0, which other machines reach: set APP_MANAGER_TOKEN')
  const server = await Server.start({ env: { APP_MANAGER_HOST: '0.0.0.0', APP_MANAGER_TOKEN: 'secret' } })
  await server.stop()
})

test('a manager port that somebody has stops the start, which says what to do', async () => {
  const first = await Server.start()
  const port = addressOf(first.runtime).split(':').at(-1) ?? ''
  const { code, output } = await Server.fail({ env: { APP_MANAGER_PORT: port } })
  expect(code).toBe(1)
  expect(output).toMatch(/the manager port \(127\.0\.0\.1:\d+\) cannot be used: .*APP_MANAGER_PORT/)
  await first.stop()
})
