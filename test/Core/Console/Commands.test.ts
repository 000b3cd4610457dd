import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { openV2, undes } from '../../../Library/Encrypt/Encrypt'
import { Client, KEY } from '../../support/client'
import { tableUnder } from '../../support/markdown'
import { runConsole, ServerProgram } from '../../support/program'

let server: ServerProgram
beforeAll(async () => {
  server = await ServerProgram.start()
})
afterAll(async () => {
  server.signal('SIGTERM')
  await server.ended
})

const call = (args: readonly string[], env: Record<string, string> = {}) =>
  runConsole(['call', '--url', server.url(), ...args], { env })

describe.concurrent('console auth', () => {
  const made = async (...args: string[]) => {
    const { code, stdout, stderr } = await runConsole(['auth', ...args])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return stdout
  }

  test('prints a string that lets its user in, and nothing else', async () => {
    const text = await made('--id', '42', '--type', 'wall', '--code', 'B', '--nickname', '小红')
    expect(text).toMatch(/^[\w*:]+$/)
    const { ctime, ...user } = JSON.parse(undes(text, KEY) ?? '')
    expect(user).toEqual({ id: '42', type: 'wall', code: 'B', nickname: '小红' })
    expect(Math.abs(Date.now() / 1000 - ctime)).toBeLessThan(30)
    const client = await Client.connect(`${server.url()}?auth=${text}`, undefined)
    expect(await client.call('live.wall.join')).toMatchObject({ event: 'wallJoinSuccess' })
    await client.close()
  })

  test('--form v2 prints a token of the other kind', async () => {
    const text = await made('--form', 'v2')
    expect(text).toMatch(/^v2\.[\w-]+$/)
    expect(JSON.parse(openV2(text, KEY) ?? '')).toMatchObject({
      id: '1',
      type: 'wechatUser',
      code: 'A',
      nickname: '小明',
    })
    const client = await Client.connect(`${server.url()}?auth=${text}`, undefined)
    expect(await client.call('live.user.join')).toMatchObject({ event: 'userJoinSuccess' })
    await client.close()
  })

  test('uses the first key', async () => {
    const { stdout } = await runConsole(['auth'], { env: { APP_AUTH_KEY: 'new-key,old-key' } })
    expect(undes(stdout, 'new-key')).toContain('"id":"1"')
  })

  test('another form is refused', async () => {
    const { code, stdout, stderr } = await runConsole(['auth', '--form', 'v3'])
    expect(stderr).toContain("argument 'v3' is invalid. It is des or v2.")
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  })
})

describe.concurrent('console call', () => {
  test('prints every frame until the reply, and ends with 0', async () => {
    const { code, stdout } = await call(['index.index.index', '{"name":"hello"}'])
    expect(stdout.split('\n').map((line) => JSON.parse(line).event)).toEqual(['receiveMessage', 'success'])
    expect(code).toBe(0)
  })

  test('a refusal of the action is a reply, too', async () => {
    const { code, stdout } = await call(['live.wall.join', '--type', 'wechatUser'])
    expect(stdout).toContain('"status":403,"event":"mustBeWall"')
    expect(code).toBe(0)
  })

  test('a handshake that is refused is told with status and message', async () => {
    const { code, stdout, stderr } = await call(['--auth', 'nonsense', 'index.index.index'])
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: 'the server refused the handshake: 403 error auth',
    })
  })

  test.each([['{x'], ['[]'], ['5'], ['null'], ['']])('data that is no JSON object is refused: %s', async (data) => {
    const { code, stderr } = await call(['index.index.index', data])
    expect(stderr).toBe(`the data ${data} is not a JSON object; write for example '{"name":"hello"}'`)
    expect(code).toBe(1)
  })

  test('nobody there', async () => {
    const { code, stderr } = await runConsole(['call', '--url', 'ws://127.0.0.1:1/', 'a'])
    expect(stderr).toBe('连接服务失败: connect ECONNREFUSED 127.0.0.1:1')
    expect(code).toBe(1)
  })

  test.each(['nonsense', 'http://127.0.0.1/', '127.0.0.1:20000'])('%s is no address', async (url) => {
    const { code, stderr } = await runConsole(['call', '--url', url, 'a'])
    expect(stderr).toContain('It is an address such as ws://127.0.0.1:20000/.')
    expect(code).toBe(1)
  })

  test.each(['abc', '0', '-1', 'Infinity'])('%s is no time to wait', async (timeout) => {
    const { code, stderr } = await call([`--timeout=${timeout}`, 'a'])
    expect(stderr).toContain('It is a number of seconds, more than 0 and at most 3600.')
    expect(code).toBe(1)
  })

  test('a configured port of 0 is known to the running server only', async () => {
    const { code, stderr } = await runConsole(['call', 'a'], { env: { APP_OUTSIDE_PORT: '0' } })
    expect(stderr).toBe(
      'the configuration leaves the port open (0): give the address that the start banner shows by --url',
    )
    expect(code).toBe(1)
  })

  test('without --url it calls the configured port', async () => {
    const { port } = new URL(server.url())
    const { code, stdout } = await runConsole(['call', 'index.index.index'], { env: { APP_OUTSIDE_PORT: port } })
    expect(stdout).toContain('"event":"success"')
    expect(code).toBe(0)
  })

  test('a server that speaks otherwise, and never replies, is left after --timeout', async () => {
    const other = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    other.on('connection', (socket) => socket.send('hello, who are you?'))
    await once(other, 'listening')
    const { port } = Object(other.address())
    const url = `ws://127.0.0.1:${port}/`
    const { code, stdout, stderr } = await runConsole(['call', '--url', url, '--timeout', '4', 'a'])
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: 'hello, who are you?',
      stderr: 'no reply within 4 s',
    })
    other.close()
  })

  test('a connection that the server closes is told with its code', async () => {
    const http = createServer()
    const other = new WebSocketServer({ server: http })
    other.on('connection', (socket) => socket.close(4403, 'kicked'))
    await once(http.listen(0, '127.0.0.1'), 'listening')
    const { port } = Object(http.address())
    const { code, stderr } = await runConsole(['call', '--url', `ws://127.0.0.1:${port}/`, 'a'])
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'the server closed the connection: 4403 kicked' })
    other.close()
    http.close()
  })
})

describe.concurrent('the console', () => {
  test('--help lists its commands, and ends with 0; docs/manager.md tells of the same', async () => {
    const { code, stdout, stderr } = await runConsole(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const commands = [...stdout.matchAll(/^ {2}(\w+) .*\w/gm)].flatMap(([, name = '']) => (name === 'help' ? [] : name))
    expect(commands.length).toBeGreaterThan(10)
    for (const command of commands) {
      const help = await runConsole([command, '--help'])
      expect(help.stdout).toContain(`Usage: console ${command}`)
      expect(help.code).toBe(0)
    }
    const cells = tableUnder(readFileSync('docs/manager.md', 'utf8'), 'The console and the manager port')
    const told = cells.flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)/g)].map(([, name]) => name))
    expect([...new Set(told)].sort()).toEqual(commands.sort())
  }, 240_000)

  test.each([
    [['restrat'], "error: unknown command 'restrat'"],
    [['start', '--port', '3'], "error: unknown option '--port'"],
    [['start', 'now'], "error: too many arguments for 'start'"],
    [['call'], "error: missing required argument 'method'"],
    [[], 'Usage: console'],
  ])('%j is refused with a word about it', async (args, text) => {
    const { code, stdout, stderr } = await runConsole(args)
    expect(stderr).toContain(text)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  })
})
