import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkApp, checkCache } from '../../../Library/Config/Config'
import { ConfigError } from '../../../Library/Config/ConfigError'
import type { AppConfig } from '../../../Library/Config/Schema'
import { VARIABLES } from './options'

interface Override {
  readonly value: string
  readonly read: (config: AppConfig) => unknown
  readonly gives: unknown
  /** A wrong value, and the line that it ends in. */
  readonly wrong?: readonly [value: string, message: string]
}

const number = (read: Override['read'], option: string, range: string): Override => ({
  value: '7',
  read,
  gives: 7,
  wrong: ['seven', `(${option}) is "seven", it may be a whole number from ${range}`],
})

const flag = (read: Override['read'], option: string): Override => ({
  value: '0',
  read,
  gives: false,
  wrong: ['yes', `(${option}) is "yes", it may be 1 or 0`],
})

const OVERRIDES: Record<(typeof VARIABLES)[number], Override> = {
  APP_OUTSIDE_HOST: {
    value: '0.0.0.0',
    read: ({ outside }) => outside.main?.host,
    gives: '0.0.0.0',
    wrong: ['', '(outside.main.host) is "", it may be a text that is not empty'],
  },
  APP_OUTSIDE_PORT: number(({ outside }) => outside.main?.port, 'outside.main.port', '0 to 65535'),
  APP_MANAGER_HOST: {
    value: '::1',
    read: ({ manager }) => manager.host,
    gives: '::1',
    wrong: ['', '(manager.host) is "", it may be a text that is not empty'],
  },
  APP_MANAGER_PORT: number(({ manager }) => manager.port, 'manager.port', '0 to 65535'),
  APP_MANAGER_TOKEN: { value: 't0ken', read: ({ manager }) => manager.token, gives: 't0ken' },
  APP_AUTH_CHECK: flag(({ outside }) => outside.main?.auth, 'outside.main.auth'),
  APP_AUTH_KEY: {
    value: 'first, second',
    read: ({ auth }) => auth.key,
    gives: ['first', 'second'],
    wrong: ['first,,third', '(auth.key.1) is "", it may be a text that is not empty'],
  },
  APP_AUTH_TTL: number(({ auth }) => auth.ttl, 'auth.ttl', '1 to 10000000000'),
  APP_MODE: {
    value: 'base',
    read: ({ setting }) => setting.mode,
    gives: 'base',
    wrong: ['fast', '(setting.mode) is "fast", it may be one of base, process'],
  },
  APP_ACK: flag(({ ack }) => ack, 'ack'),
  APP_RATE: number(({ limits }) => limits.rate, 'limits.rate', '0 to 1000000'),
  APP_GATEWAYS: number(({ setting }) => setting.reactor_num, 'setting.reactor_num', '1 to 256'),
  APP_WORKERS: number(({ setting }) => setting.worker_num, 'setting.worker_num', '1 to 1024'),
  APP_TASK_WORKERS: number(({ setting }) => setting.task_worker_num, 'setting.task_worker_num', '0 to 1024'),
  APP_LOG_LEVEL: {
    value: 'warn',
    read: ({ log }) => log.level,
    gives: 'warn',
    wrong: ['loud', '(log.level) is "loud", it may be one of fatal, error, warn, info, debug, trace, silent'],
  },
}

function complaint(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'no complaint'
}

describe.each(VARIABLES)('%s', (name) => {
  const { value, read, gives, wrong } = OVERRIDES[name]

  test('stands over the file', () => {
    expect(read(checkApp({}, {}))).not.toEqual(gives)
    expect(read(checkApp({}, { [name]: value }))).toEqual(gives)
  })

  if (wrong === undefined) return // any text will do
  test('is named when it is wrong', () => {
    const [bad, message] = wrong
    expect(complaint(() => checkApp({}, { [name]: bad }))).toBe(`${name} ${message}`)
  })
})

test('the code reads no other variable of this kind', () => {
  const elsewhere = ['APP_RUNTIME']
  const read = new Set<string>()
  for (const folder of ['Library', 'Core', 'Public']) {
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue
      const code = readFileSync(join(folder, file), 'utf8')
      for (const [name] of code.matchAll(/\bAPP_[A-Z_]+\b/g)) read.add(name)
    }
  }
  expect([...read].sort()).toEqual([...VARIABLES, ...elsewhere].sort())
})

test('APP_AUTH_CHECK is for every public port, host and port for the first one', () => {
  const options = { outside: { one: { port: 1 }, two: { port: 2 } } }
  const environment = { APP_AUTH_CHECK: '0', APP_OUTSIDE_PORT: '9', APP_OUTSIDE_HOST: '::1' }
  expect(checkApp(options, environment).outside).toEqual({
    one: { host: '::1', port: 9, auth: false },
    two: { host: '127.0.0.1', port: 2, auth: false },
  })
  expect(checkApp({ outside: { one: { auth: false } } }, { APP_AUTH_CHECK: '1' }).outside.one?.auth).toBe(true)
})

test('an option of the environment goes into a file that says nothing of its group', () => {
  expect(checkApp({}, { APP_AUTH_TTL: '5' }).auth).toEqual({ ...checkApp({}, {}).auth, ttl: 5 })
})

test('a variable that is set wrong is named, not the file that has it right', () => {
  const message = complaint(() => checkApp({ setting: { mode: 'base' }, ack: true }, { APP_MODE: 'x', APP_ACK: '' }))
  expect(message).toBe(
    'APP_MODE (setting.mode) is "x", it may be one of base, process\nAPP_ACK (ack) is "", it may be 1 or 0',
  )
})

test('a number is digits only: no blank, no hex, no fraction', () => {
  for (const value of ['', ' 7', '7 ', '0x10', '1e3', '7.5', '+7', '７']) {
    const message = complaint(() => checkApp({}, { APP_OUTSIDE_PORT: value }))
    expect(message).toMatch(
      /^APP_OUTSIDE_PORT \(outside\.main\.port\) is ".*", it may be a whole number from 0 to 65535$/,
    )
  }
  expect(complaint(() => checkApp({}, { APP_OUTSIDE_PORT: '-1' }))).toMatch(/^APP_OUTSIDE_PORT .* is -1, it may be/)
})

test('a key of the environment is never printed', () => {
  expect(complaint(() => checkApp({}, { APP_AUTH_KEY: 'hush-hush,' }))).not.toContain('hush')
})

describe('Config/cache.ts', () => {
  const url = 'redis://:hush-hush@127.0.0.1:6390/2'

  test('no options at all are the embedded store, without a prefix', () => {
    const nothing = { url: '', prefix: '' }
    expect(checkCache({}, {})).toEqual({ master: nothing, task: nothing })
    expect(checkCache({}, { REDIS_URL: '' })).toEqual({ master: nothing, task: nothing })
  })

  test('REDIS_URL takes the place of every url, and leaves the prefixes', () => {
    const options = { master: { url: 'redis://one', prefix: 'm:' }, task: { url: 'redis://two', prefix: 't:' } }
    expect(checkCache(options, {})).toEqual(options)
    expect(checkCache(options, { REDIS_URL: url })).toEqual({
      master: { url, prefix: 'm:' },
      task: { url, prefix: 't:' },
    })
    expect(options.master.url).toBe('redis://one')
  })

  test('the result is frozen', () => {
    const config = checkCache({}, { REDIS_URL: url })
    expect([config, config.master, config.task].every(Object.isFrozen)).toBe(true)
  })

  test('what is wrong is named, with what it got and what it may be', () => {
    const wrong = (options: object) => complaint(() => checkCache(options, {}))
    expect(wrong({ master: 5 })).toBe('Config/cache.ts: master is 5, it may be an object of options')
    expect(wrong({ task: { url: 5 } })).toBe('Config/cache.ts: task.url is 5, it may be a text')
    expect(wrong({ master: { prefix: null } })).toBe('Config/cache.ts: master.prefix is null, it may be a text')
    expect(wrong({ slave: {} })).toBe('Config/cache.ts: slave is not an option')
    expect(wrong({ master: { host: 'x' } })).toBe('Config/cache.ts: master.host is not an option')
  })

  test('an address that cannot be is refused by name, without the password that it may hold', () => {
    for (const bad of ['http://:hush-hush@127.0.0.1', '127.0.0.1:6379', 'redis://:hush-hush@h/x', 'hush-hush']) {
      const fromFile = complaint(() => checkCache({ task: { url: bad } }, {}))
      expect(fromFile).toMatch(/^Config\/cache\.ts: cache\.task\.url must be redis:/)
      const fromEnvironment = complaint(() => checkCache({}, { REDIS_URL: bad }))
      expect(fromEnvironment).toMatch(/^REDIS_URL: cache\.master\.url must be redis:/)
      expect(fromFile + fromEnvironment).not.toContain('hush')
    }
  })
})
