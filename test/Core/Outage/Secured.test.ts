import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../support/eventually'
import { ServerProgram, temporary } from '../../support/program'
import { freePort, type RedisServer, startRedis } from '../../support/redis'
import type { Server } from '../../support/server'
import {
  channelsAreRight,
  crowd,
  groupsAreRight,
  type Member,
  recordIn,
  recordIsRight,
  startMachine,
  storeOf,
} from './outage'

/** As docs/config.md says. */
const RIGHTS = ['-@all', '+@read', '+@write', '+@pubsub', '+@scripting', '+@connection', '+info']

const cache = (options: object) => ({ TEST_CACHE: JSON.stringify(options) })

describe('a Redis with passwords', () => {
  let redis: RedisServer
  beforeAll(async () => {
    const user = ['--user', 'app', 'on', '>s3cr:t/', '~app:*', '&app:*', ...RIGHTS]
    redis = await startRedis({ args: ['--requirepass', 'hush-hush', ...user] })
  })
  afterAll(() => redis.stop())

  test.each([
    ['the password of all', ':hush-hush', ''],
    ['a user of its own, with rights to its prefix alone', 'app:s3cr%3At%2F', 'app:'],
  ])('is served by %s', async (_, login, prefix) => {
    const url = `redis://${login}@127.0.0.1:${redis.port}`
    const store = storeOf(`redis://:hush-hush@127.0.0.1:${redis.port}`)
    const machines = await Promise.all([startMachine(url, cache({ prefix })), startMachine(url, cache({ prefix }))])
    const members = await crowd(machines, 20)
    await recordIsRight(store, members, prefix)
    await channelsAreRight(store, members, prefix)
    await groupsAreRight(members)
    expect(await members[0]?.call('connections')).toBe(20)
    for (const machine of machines) expect(await machine.stop()).toEqual({ code: 0, signal: null })
    await store.flushall()
    store.disconnect()
  })
})

describe('TLS with a private authority', () => {
  const folder = temporary()
  const file = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' })
  let redis: RedisServer
  let url: string
  beforeAll(async () => {
    const subject = (name: string) => ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost']
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2']
    openssl(...made, '-keyout', file('ca.key'), '-out', file('ca.pem'), '-subj', '/CN=test authority')
    for (const name of ['redis', 'client']) {
      const signed = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-keyout', file(`${name}.key`)]
      openssl(...made, ...signed, '-out', file(`${name}.pem`), ...subject(name))
    }
    const port = await freePort()
    const certificate = ['--tls-cert-file', file('redis.pem'), '--tls-key-file', file('redis.key')]
    const tls = ['--port', '0', '--tls-port', `${port}`, '--tls-ca-cert-file', file('ca.pem'), ...certificate]
    redis = await startRedis({ port, args: [...tls, '--tls-auth-clients', 'optional'] })
    url = `rediss://localhost:${port}`
  })
  afterAll(() => redis.stop())

  const serves = async (env: Readonly<Record<string, string>>) => {
    const server = await startMachine(url, env)
    const members = await crowd([server], 4)
    await groupsAreRight(members)
    expect(await members[0]?.call('incr')).toBeGreaterThan(0)
    await server.stop()
  }

  test('is served by tls.ca', () => serves(cache({ tls: { ca: file('ca.pem') } })))

  test('is served by NODE_EXTRA_CA_CERTS', () => serves({ NODE_EXTRA_CA_CERTS: file('ca.pem') }))

  test('is served with a certificate of the server’s own, where Redis wants one', async () => {
    const port = await freePort()
    const certificate = ['--tls-cert-file', file('redis.pem'), '--tls-key-file', file('redis.key')]
    const tls = ['--port', '0', '--tls-port', `${port}`, '--tls-ca-cert-file', file('ca.pem'), ...certificate]
    const strict = await startRedis({ port, args: [...tls, '--tls-auth-clients', 'yes'] })
    const own = { ca: file('ca.pem'), cert: file('client.pem'), key: file('client.key') }
    const server = await startMachine(`rediss://localhost:${port}`, cache({ tls: own }))
    await groupsAreRight(await crowd([server], 4))
    await server.stop()
    await strict.stop()
  })

  test('without either, the log says that the certificate is not trusted, and of whom', async () => {
    const server = new ServerProgram({ fixture: 'outage', env: { REDIS_URL: url } })
    const { msg } = JSON.parse(await server.says('does not answer'))
    expect(msg).toMatch(/^Redis at rediss:\/\/localhost:\d+ does not answer \(.*certificate/)
    server.signal('SIGTERM')
    await server.ended
  })

  test('a file that is not there stops the start with the name of its option', async () => {
    const env = { REDIS_URL: url, ...cache({ tls: { ca: '/nowhere/ca.pem' } }) }
    const server = new ServerProgram({ fixture: 'outage', env })
    expect(await server.ended).toEqual({ code: 1, signal: null })
    expect(server.stderr.join('\n')).toMatch(
      /^Config\/cache\.ts: cache\.master\.tls\.ca must be a file that can be read: ENOENT.*\/nowhere\/ca\.pem/,
    )
  })
})

describe('two systems with prefixes on one Redis', () => {
  let redis: RedisServer
  let systems: { prefix: string; machines: Server[]; members: Member[] }[]
  beforeAll(async () => {
    redis = await startRedis()
    systems = []
    for (const prefix of ['a:', 'b:']) {
      const start = () => startMachine(redis.url, cache({ prefix }))
      const machines = await Promise.all([start(), start()])
      systems.push({ prefix, machines, members: await crowd(machines, 20) })
    }
  })
  afterAll(async () => {
    await Promise.all(systems.flatMap(({ machines }) => machines.map((machine) => machine.stop())))
    await redis.stop()
  })

  test('see nothing of each other: keys, groups, channels, leases', async () => {
    const store = storeOf(redis.url)
    for (const { prefix, members } of systems) {
      await recordIsRight(store, members, prefix)
      await channelsAreRight(store, members, prefix)
      expect(await members[0]?.call('connections')).toBe(20)
    }
    const both = systems.flatMap(({ members }) => members)
    const before = both.map((member) => member.heard('').length)
    const [first, second] = systems
    await groupsAreRight(first?.members ?? [])
    // The groups have the same names: the other system's members hear none of it.
    const after = (second?.members ?? []).map((member) => member.heard('').length)
    expect(after).toEqual(before.slice(-after.length))
    for (const names of [await store.keys('*'), (await store.pubsub('CHANNELS')).map(String)]) {
      expect(names.filter((name) => !/^[ab]:/.test(name))).toEqual([])
    }
    // One of them ends, and takes along what is its own.
    await Promise.all((first?.machines ?? []).map((machine) => machine.stop()))
    await eventually(async () => {
      const left = Object.keys(await recordIn(store, 'a:')).filter((name) => !name.endsWith('_LEASE'))
      expect(left).toEqual([])
    })
    await recordIsRight(store, second?.members ?? [], 'b:', 0)
    await groupsAreRight(second?.members ?? [])
    store.disconnect()
  })
})
