import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Client } from '../../support/client'
import { run, runConsole, ServerProgram, temporary } from '../../support/program'
import { startRedis } from '../../support/redis'
import { PATH_WITHOUT_REDIS } from '../../support/server'

const { version } = JSON.parse(readFileSync('package.json', 'utf8'))

const stop = async (server: ServerProgram) => {
  server.signal('SIGTERM')
  expect(await server.ended).toEqual({ code: 0, signal: null })
}

describe('the banner', () => {
  test('says what runs: version, pid, address, workers, store, folder, Node and engine', async () => {
    const server = await ServerProgram.start()
    await server.says('?auth=')
    const banner = server.stderr.join('\n')
    expect(banner).toContain(`mswoole-ts ${version} has started, pid ${server.pid}`)
    expect(banner).toMatch(/^ {2}main {5}ws:\/\/127\.0\.0\.1:[1-9]\d*\/$/m)
    expect(banner).toMatch(/^ {2}workers {2}1$/m)
    expect(banner).toMatch(/^ {2}store {4}private (redis|valkey)-server \d+\.\d+/m)
    expect(banner).toContain(`  runtime  ${server.runtime}`)
    expect(banner).toMatch(
      new RegExp(`^ {2}engine {3}Node ${process.version}, uWebSockets\\.js 20\\.\\d+\\.\\d+$`, 'm'),
    )
    expect(banner.includes('past its end of life')).toBe(process.version.startsWith('v20.'))
    const client = await Client.connect(server.url())
    expect(await client.call('index.index.index')).toMatchObject({ status: 200, event: 'success' })
    await client.close()
    await stop(server)
  })

  test('the line to try works in another shell, and shows both replies', async () => {
    const server = await ServerProgram.start()
    const line = await server.says('console.js call')
    const call = await run('sh', ['-c', line])
    expect(call.stderr).toBe('')
    expect(call.stdout.split('\n').map((text) => JSON.parse(text))).toEqual([
      { status: 200, event: 'receiveMessage', info: '服务端已收到您的请求内容', callId: 'console' },
      { status: 200, event: 'success', info: '执行完成', callId: 'console' },
    ])
    expect(call.code).toBe(0)
    const address = (await server.says('?auth=')).trim()
    const client = await Client.connect(address, undefined)
    expect(await client.call('index.index.index')).toMatchObject({ event: 'success' })
    await client.close()
    await stop(server)
  })

  test('that line also works where only the environment of the server has the key, and the address is IPv6', async () => {
    const server = await ServerProgram.start({ env: { APP_AUTH_KEY: "it's new", APP_OUTSIDE_HOST: '::' } })
    expect(server.url()).toMatch(/^ws:\/\/\[::\]:\d+\/$/)
    const call = await run('sh', ['-c', await server.says('console.js call')])
    expect(call.stderr).toBe('')
    expect(call.stdout).toContain('"event":"success"')
    await stop(server)
  })

  test('in production it shows no auth string, and no example', async () => {
    const server = await ServerProgram.start({ env: { NODE_ENV: 'production', APP_AUTH_KEY: 'a-key-of-our-own' } })
    await stop(server)
    expect(server.output).not.toMatch(/auth=|--auth|Try it|a-key-of-our-own/)
    expect(server.url()).toMatch(/^ws:/)
  })

  test('every public port stands in it, with its real number', async () => {
    const config = { outside: { main: { port: 0 }, second: { port: 0, auth: false } } }
    const env = { TEST_CONFIG: JSON.stringify(config), APP_MODE: 'base' }
    const server = await ServerProgram.start({ fixture: 'ops', env })
    expect(server.output).toContain('base mode')
    expect(server.url('main')).not.toBe(server.url('second'))
    const anonymous = await Client.connect(server.url('second'), undefined)
    expect(await anonymous.call('ops.room.tell')).toMatchObject({ event: 'told' })
    await anonymous.close()
    await expect(Client.connect(server.url('main'), undefined)).rejects.toThrow('403')
    await stop(server)
  })

  test('goes to standard error where nobody looks: standard output carries the log, a JSON line each', async () => {
    const server = await ServerProgram.start()
    await stop(server)
    expect(server.stdout.length).toBeGreaterThan(2)
    for (const line of server.stdout) expect(Object.keys(JSON.parse(line))).toContain('msg')
  })
})

describe('the store', () => {
  test('is a small one in memory where PATH has no redis-server; the banner says why', async () => {
    const server = await ServerProgram.start({ env: { PATH: PATH_WITHOUT_REDIS } })
    expect(server.output).toMatch(/store {4}in-memory store \(no redis-server on PATH\)/)
    const client = await Client.connect(server.url())
    expect(await client.call('live.user.join')).toMatchObject({ event: 'userJoinSuccess' })
    await client.close()
    await stop(server)
    expect(server.leftOver()).toEqual([])
  })

  test('is the Redis of REDIS_URL, and no other is started', async () => {
    const redis = await startRedis()
    const server = await ServerProgram.start({ env: { REDIS_URL: redis.url } })
    expect(server.output).toMatch(/store {4}Redis$/m)
    expect(server.processes().filter((line) => line.includes('redis-server'))).toEqual([])
    await stop(server)
    await redis.stop()
  })
})

test('the folder of the server is its own, and the log in it names the real port', async () => {
  const server = await ServerProgram.start()
  expect(statSync(server.runtime).mode & 0o777).toBe(0o700)
  // The banner and the log come by two pipes.
  const { ports } = await server.logs('started')
  expect(server.url()).toBe(`ws://127.0.0.1:${Object(ports).main}/`)
  await stop(server)
})

test('a folder with a long path works, sockets included', async () => {
  const runtime = join(temporary(), '长'.repeat(30), 'b'.repeat(60))
  const server = await ServerProgram.start({ runtime })
  const client = await Client.connect(server.url())
  expect(await client.call('live.user.join')).toMatchObject({ event: 'userJoinSuccess' })
  await client.close()
  await stop(server)
  expect(server.leftOver()).toEqual([])
  expect(server.processes()).toEqual([])
})

test('a folder without a project has the sample; a project that is not built is told so', async () => {
  const folder = temporary()
  expect(await runConsole(['auth'], { cwd: folder })).toMatchObject({ code: 0, stderr: '' })
  mkdirSync(join(folder, 'Config'))
  writeFileSync(join(folder, 'Config', 'app.ts'), 'export default {}\n')
  const { code, stderr } = await runConsole(['start'], { cwd: folder })
  expect(stderr).toBe(`${folder}/dist/Config/app.js is missing; build the project first: npm run build`)
  expect(code).toBe(1)
})
