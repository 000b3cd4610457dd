import { networkInterfaces } from 'node:os'
import { encode } from 'uqr'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client } from '../../support/client'
import { CONSOLE, run, runConsole, ServerProgram } from '../../support/program'

let server: ServerProgram
let port: string
beforeAll(async () => {
  server = await ServerProgram.start({ env: { APP_OUTSIDE_HOST: '0.0.0.0' } })
  port = new URL(server.url()).port
})
afterAll(async () => {
  server.signal('SIGTERM')
  await server.ended
})

const LAN = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address

/** The links in a text, the wall's first. */
const linksIn = (text: string) => [...text.matchAll(/https?:\S+/g)].map(([link]) => new URL(link))

/** Opens what a link names, as its page does. */
async function open(link: URL | undefined) {
  if (!link) throw new Error('there is no such link')
  expect((await fetch(link)).headers.get('content-type')).toBe('text/html; charset=utf-8')
  const auth = new URLSearchParams(link.hash.slice(1)).get('auth')
  return Client.connect(`ws://${link.host}/?auth=${auth}`, undefined)
}

describe('console demo', () => {
  test('prints links that let a wall and a phone into the room; the start banner names it', async () => {
    const line = await server.says('console.js demo')
    const { code, stdout, stderr } = await run('sh', ['-c', `${line} --room 主会场 --nickname 小红`])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [wallLink, phoneLink] = linksIn(stdout)
    expect(wallLink?.searchParams.get('room')).toBe('主会场')
    expect(wallLink?.hostname).toBe('127.0.0.1')
    if (LAN) expect(phoneLink?.hostname).toBe(LAN)
    const [wall, phone] = [await open(wallLink), await open(phoneLink)]
    expect(await wall.call('live.wall.join')).toMatchObject({ event: 'wallJoinSuccess' })
    expect(await phone.call('live.user.join')).toMatchObject({ event: 'userJoinSuccess' })
    await phone.call('live.user.say', { say: '你好' })
    expect(await wall.next('userSayNeedCheck')).toMatchObject({ param: { nickname: '小红', say: '你好' } })
    await Promise.all([wall.close(), phone.close()])
  })

  test('on a terminal it draws the phone link as a QR code, in black and white whatever the theme', async () => {
    const command = `${process.execPath} ${CONSOLE} demo --port ${port} --host 192.0.2.7`
    const { stdout } = await run('script', ['-qec', command, '/dev/null'])
    const [, phoneLink] = linksIn(stdout)
    expect(phoneLink?.host).toBe(`192.0.2.7:${port}`)
    const drawn = stdout.split('\n').flatMap((line) => {
      const cells = [...line.matchAll(/\[38;5;(\d+);48;5;(\d+)m▀/g)]
      const row = (at: 1 | 2) => cells.map((cell) => cell[at] === '16')
      return cells.length === 0 ? [] : [row(1), row(2)]
    })
    const { data, size } = encode(phoneLink?.href ?? '', { border: 2 })
    expect(drawn.slice(0, size)).toEqual(data)
  })

  test('a server that listens for this machine only: says how to let phones in, and draws no code', async () => {
    const own = await ServerProgram.start({ env: { APP_MODE: 'base' } })
    const args = ['demo', '--port', new URL(own.url()).port]
    const { code, stdout } = await runConsole(args)
    expect(code).toBe(0)
    expect(stdout).toContain('A phone cannot reach 127.0.0.1: start with APP_OUTSIDE_HOST=0.0.0.0')
    expect(linksIn(stdout)[1]?.hostname).toBe('127.0.0.1')
    own.signal('SIGTERM')
    await own.ended
  })

  test.each([
    ['production', { NODE_ENV: 'production', APP_AUTH_KEY: 'own' }, 'in production no auth string belongs on a screen'],
    ['another key', { APP_AUTH_KEY: 'own' }, 'run this with the APP_AUTH_KEY that it was started with'],
  ])('%s: it says why there are no links', async (_, env, text) => {
    const { code, stdout, stderr } = await runConsole(['demo', '--port', port], { env })
    expect(stderr).toContain(text)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  })

  test.each([
    [['--port', '1'], 'nobody answers at ws://127.0.0.1:1/: start the server, or give its --port'],
    [['--host', 'http://x/'], 'It is a name such as wall.example.com, or an address.'],
  ])('%j is refused with a word about it', async (args, text) => {
    const { code, stdout, stderr } = await runConsole(['demo', ...args])
    expect(stderr).toContain(text)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  })
})
