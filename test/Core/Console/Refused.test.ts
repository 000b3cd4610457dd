import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Client } from '../../support/client'
import { ServerProgram, type ServerProgramOptions, temporary } from '../../support/program'
import { freePort } from '../../support/redis'

/** What a server that does not start says; it leaves nothing behind. */
async function refused(options: ServerProgramOptions, folderIsUsable = true): Promise<string> {
  const server = new ServerProgram(options)
  expect(await server.ended).toEqual({ code: 1, signal: null })
  expect(server.processes()).toEqual([])
  if (folderIsUsable) expect(server.leftOver()).toEqual([])
  return server.stderr.join('\n')
}

describe('a port in use', () => {
  test('is named in one line', async () => {
    const other = createServer()
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve(Number(Object(other.address()).port)))
    })
    expect(await refused({ env: { APP_OUTSIDE_PORT: String(port) } })).toBe(
      `the port main (127.0.0.1:${port}) cannot be used: another program, or another port of this server, listens there; ` +
        'choose another one in Config/app.ts or APP_OUTSIDE_PORT',
    )
    other.close()
  })

  test('is refused also when a server like this one has it, which goes on serving all of its clients', async () => {
    const first = await ServerProgram.start()
    const port = new URL(first.url()).port
    const host = '0.0.0.0' // the engine would share it, and take a part of the first one's clients
    for (const env of [{ APP_OUTSIDE_PORT: port }, { APP_OUTSIDE_PORT: port, APP_OUTSIDE_HOST: host }]) {
      expect(await refused({ env })).toContain(`:${port}) cannot be used: another program`)
    }
    const client = await Client.connect(first.url())
    expect(await client.call('index.index.index')).toMatchObject({ event: 'success' })
    await client.close()
    first.signal('SIGTERM')
    await first.ended
  })

  test('is refused when two ports of one server are the same: one would let in whom the other keeps out', async () => {
    const port = await freePort()
    const config = { outside: { main: {}, open: { port, auth: false } } }
    const env = { TEST_CONFIG: JSON.stringify(config), APP_OUTSIDE_PORT: String(port) }
    expect(await refused({ fixture: 'ops', env })).toContain(`the port open (127.0.0.1:${port}) cannot be used`)
  })
})

test('an address that this machine does not have is named', async () => {
  expect(await refused({ env: { APP_OUTSIDE_HOST: '192.0.2.1' } })).toMatch(
    /^the port main \(192\.0\.2\.1:0\) cannot be used: this machine has no such address; correct .*APP_OUTSIDE_HOST$/,
  )
})

describe('a wrong option', () => {
  test('of the environment or of the file is named in one line each', async () => {
    expect(await refused({ env: { APP_RATE: 'fast', APP_ACK: 'yes' } })).toBe(
      'APP_RATE (limits.rate) is "fast", it may be a whole number from 0 to 1000000\nAPP_ACK (ack) is "yes", it may be 1 or 0',
    )
    const env = { TEST_CONFIG: JSON.stringify({ setting: { worker_num: 0 }, heartbeat: 5 }) }
    expect(await refused({ fixture: 'ops', env })).toBe(
      'Config/app.ts: setting.worker_num is 0, it may be a whole number from 1 to 1024\nConfig/app.ts: heartbeat is not an option',
    )
  })

  test('a key that is empty, or known to everybody in production', async () => {
    expect(await refused({ env: { APP_AUTH_KEY: '' } })).toMatch(/^APP_AUTH_KEY \(auth\.key\.0\) is ""/)
    expect(await refused({ env: { NODE_ENV: 'production' } })).toMatch(
      /^auth\.key is the sample key .* APP_AUTH_KEY to one of your own$/,
    )
  })

  test('a REDIS_URL that is none, without the password in it', async () => {
    const message = await refused({ env: { REDIS_URL: 'http://:hush-hush@127.0.0.1' } })
    expect(message).toMatch(/^REDIS_URL: cache\.master\.url must be redis:.*$/)
    expect(message).not.toContain('hush')
  })
})

describe('a folder that cannot be written', () => {
  const cure = 'make it writable for this user or name another one in APP_RUNTIME'

  test('a file in its place, or above it', async () => {
    const file = join(temporary(), 'file')
    writeFileSync(file, '')
    for (const runtime of [file, join(file, 'below'), '/proc/below']) {
      const message = await refused({ runtime }, false)
      expect(message).toMatch(new RegExp(`^the folder ${runtime} cannot be written \\(.*\\); ${cure}$`))
    }
  })

  test('one that may not be written: not even root may write a read-only disk', async (context) => {
    const runtime = temporary()
    try {
      execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'ro', 'none', runtime], { stdio: 'ignore' })
    } catch {
      return context.skip('only root may mount')
    }
    try {
      const message = await refused({ runtime }, false)
      expect(message).toMatch(/cannot be written \(EROFS: .*\); make it writable/)
      expect(message).not.toContain('\n')
    } finally {
      execFileSync('/bin/umount', [runtime])
    }
  })

  test('one in which a server lives: its store would be ended', async () => {
    const first = await ServerProgram.start()
    const second = new ServerProgram({ runtime: first.runtime })
    expect(await second.ended).toMatchObject({ code: 1 })
    expect(second.output).toMatch(/^the server with pid \d+ is running in the folder .* APP_RUNTIME$/)
    expect(second.output).toContain(`pid ${first.pid} `)
    const client = await Client.connect(first.url())
    expect(await client.call('live.user.join')).toMatchObject({ event: 'userJoinSuccess' })
    await client.close()
    first.signal('SIGTERM')
    expect(await first.ended).toMatchObject({ code: 0 })
    expect(first.leftOver()).toEqual([])
  })
})

describe.each(['process', 'base'])('code that cannot be used, in %s mode', (mode) => {
  const message = (broken: string) => refused({ fixture: 'opsBroken', env: { TEST_BROKEN: broken, APP_MODE: mode } })

  test.each([
    [
      'load',
      /^App\/Broken\/Controller\/Broken\.ts does not load: SyntaxError: .* \(App\/Broken\/Controller\/Broken\.ts:7:\d+\)\. Correct it and build again$/,
    ],
    [
      'constructor',
      /^App\/Broken\/Controller\/Broken\.ts: Broken cannot be made, its constructor failed: TypeError: no table to sit at \(App\/Broken\/Controller\/Broken\.ts:14:\d+\)\. Correct/,
    ],
    ['hook', /^App\/Broken\/Controller\/Broken\.ts: Broken\.onClose is a hook, .*; take @action off it$/],
    ['option', /^App\/Broken\/Controller\/Broken\.ts: Broken\.index: four is no option of an action; these are: /],
    [
      'config',
      /^Config\/app\.ts does not load: RangeError: .* \(Config\/app\.ts:3:\d+\)\. Correct it and build again$/,
    ],
  ])('%s: file and cure in one line, no stack', async (broken, expected) => {
    const text = await message(broken)
    expect(text).toMatch(expected)
    expect(text).not.toContain('\n')
  })
})
