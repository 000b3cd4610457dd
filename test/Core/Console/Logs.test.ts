import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { sealV2 } from '../../../Library/Encrypt/Encrypt'
import { authString, Client, KEY, phone, refused } from '../../support/client'
import { ServerProgram } from '../../support/program'

/** The files of the log by name, each with its lines. */
const filesOf = (server: ServerProgram): [string, string[]][] =>
  readdirSync(join(server.runtime, 'logs')).map((name) => [
    name,
    readFileSync(join(server.runtime, 'logs', name), 'utf8')
      .trimEnd()
      .split('\n'),
  ])

describe.each(['process', 'base'])('the log in %s mode', (mode) => {
  const SECRET = 'a-secret-of-the-users'
  const strings: string[] = []
  let server: ServerProgram
  let before: string
  let after: string

  beforeAll(async () => {
    before = date()
    const env = { APP_MODE: mode, APP_LOG_LEVEL: 'trace', NODE_ENV: 'production', APP_AUTH_KEY: SECRET }
    server = await ServerProgram.start({ fixture: 'ops', env })
    const now = Math.floor(Date.now() / 1000)
    const good = authString(phone(), SECRET)
    const sealed = sealV2(JSON.stringify({ ...phone(), ctime: now }), SECRET)
    const wrong = authString(phone(), KEY)
    const expired = authString({ ...phone(), ctime: 1 }, SECRET)
    strings.push(good, sealed, wrong, expired)
    for (const auth of [good, sealed]) {
      const url = `${server.url()}?auth=${encodeURIComponent(auth)}`
      const client = await Client.connect(url, undefined)
      // What user code logs of a client, who sends his auth string and his address along.
      expect(await client.call('ops.room.tell', { auth, url, deep: { token: auth } })).toMatchObject({ event: 'told' })
      await client.call('ops.room.join', { url })
      client.send(`not JSON ${url}`)
      expect(await client.closed).toMatchObject({ code: 4400 })
    }
    for (const auth of [wrong, expired, `${good}x`]) {
      expect(await refused(`${server.url()}?auth=${auth}`)).toEqual({ status: 403, message: 'error auth' })
    }
    await server.says('"reason":"expired"') // what happens often is said once a second
    server.signal('SIGTERM')
    expect(await server.ended).toMatchObject({ code: 0 })
    after = date()
  })

  test('is one file a day, named by the local date, of JSON lines', () => {
    const files = filesOf(server)
    for (const [name] of files) expect([`${before}.log`, `${after}.log`]).toContain(name)
    for (const line of files.flatMap(([, lines]) => lines)) {
      const { level, time, pid, name, msg } = JSON.parse(line)
      expect({ level, time, pid, name, msg }).toEqual({
        level: expect.any(String),
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        pid: expect.any(Number),
        name: expect.any(String),
        msg: expect.any(String),
      })
    }
  })

  test('has the lines of every process, from the start to the stop', () => {
    const lines = filesOf(server).flatMap(([, all]) => all.map((line) => JSON.parse(line)))
    const names = mode === 'base' ? ['base', 'supervisor'] : ['gateway', 'supervisor', 'worker 1']
    expect([...new Set(lines.map(({ name }) => String(name)))].sort()).toEqual(names)
    const messages = lines.map(({ msg }) => msg)
    for (const message of ['listening', 'started', 'told', 'handshakes refused', 'stopping', 'stopped']) {
      expect(messages).toContain(message)
    }
    const reasons = lines.filter(({ msg }) => msg === 'handshakes refused').map(({ reason }) => reason)
    expect(new Set(reasons)).toEqual(new Set(['undecodable', 'expired']))
  })

  test('holds no auth string and no key, of users let in or refused; neither does the screen', () => {
    const places = filesOf(server).map(([name, lines]): [string, string] => [name, lines.join('\n')])
    for (const [place, text] of [...places, ['screen', server.output] as const]) {
      expect(text.length).toBeGreaterThan(100)
      for (const secret of [...strings, ...strings.map(encodeURIComponent), SECRET, KEY]) {
        expect(text.includes(secret), `${place} holds ${secret}`).toBe(false)
        expect(text.includes(secret.slice(4, 36)) && secret.length > 36, `${place} holds a part of ${secret}`).toBe(
          false,
        )
      }
    }
  })
})

test('APP_LOG_LEVEL bounds what is logged', async () => {
  const server = await ServerProgram.start({ env: { APP_LOG_LEVEL: 'fatal' } })
  server.signal('SIGTERM')
  await server.ended
  expect(server.stdout).toEqual([])
  expect(filesOf(server).flatMap(([, lines]) => lines.filter((line) => line !== ''))).toEqual([])
})

/** The local date as the people who look for a file write it. */
const date = () => execFileSync('date', ['+%F'], { encoding: 'utf8' }).trim()
