import { describe, expect, test } from 'vitest'
import { checkApp } from '../../../Library/Config/Config'
import { ConfigError } from '../../../Library/Config/ConfigError'
import type { Tree } from '../../../Library/Config/Environment'
import { appSchema } from '../../../Library/Config/Schema'
import { optionsOf } from './options'

const DEFAULTS = {
  setting: {
    mode: 'process',
    reactor_num: 1,
    task_worker_num: 0,
    dispatch_mode: 2,
    max_request: 0,
    max_memory: 0,
    max_wait_time: 10,
    drain_time: 10,
    stall_limit: 30,
    controller_timeout: 10,
    max_in_flight: 32,
    heartbeat_idle_time: 60,
    package_max_length: 16384,
    socket_buffer_size: 1048576,
  },
  manager: { host: '127.0.0.1', port: 20001, token: '' },
  outside: { main: { host: '127.0.0.1', port: 20000, auth: true } },
  auth: { key: ['kfw001-websocket'], accept: ['des', 'v2'], ttl: 86400, multiLogin: { wechatUser: 'allow' } },
  limits: { rate: 100, burst: 200, perIp: 0 },
  ack: true,
  filter: 'html',
  groups: { raw: [] },
  log: { level: 'info', keepDays: 14 },
}

/** By option: values that are right at the edge, wrong ones, and what the error says it may be. */
const RULES: Record<string, { good: unknown[]; bad: unknown[]; may: string; beside?: object }> = {
  'setting.mode': { good: ['base', 'process'], bad: ['Base', '', 1], may: 'one of base, process' },
  'setting.reactor_num': whole(1, 256),
  'setting.worker_num': whole(1, 1024),
  'setting.task_worker_num': whole(0, 1024),
  'setting.dispatch_mode': { good: [2, 4, 5], bad: [0, 1, 3, '2'], may: '2 (fd), 4 (IP) or 5 (user id)' },
  'setting.max_request': whole(0, 1e12),
  'setting.max_memory': whole(0, 1e6),
  'setting.max_wait_time': whole(1, 3600),
  'setting.drain_time': whole(0, 3600),
  'setting.stall_limit': whole(1, 3600),
  'setting.controller_timeout': whole(1, 3600),
  'setting.max_in_flight': whole(1, 10_000),
  'setting.heartbeat_idle_time': whole(1, 86_400),
  'setting.package_max_length': whole(64, 16_777_216),
  'setting.socket_buffer_size': whole(65_536, 1_073_741_824),
  'manager.host': { ...text(), good: ['127.0.0.1', 'localhost', '::1'] }, // any other wants a token
  'manager.port': whole(0, 65_535),
  'manager.token': { good: ['', 'abc'], bad: [5, null], may: 'a text' },
  'outside.<name>.host': text(),
  'outside.<name>.port': whole(0, 65_535),
  'outside.<name>.auth': flag(),
  'outside.<name>.tls.cert': { ...text(), beside: { key: 'key.pem' } },
  'outside.<name>.tls.key': { ...text(), beside: { cert: 'cert.pem' } },
  'auth.key': {
    good: [['a'], ['a', 'b']],
    bad: [[], 'a', { 0: 'a' }],
    may: 'a list of keys, at least one',
  },
  'auth.accept': {
    good: [['des'], ['v2'], ['v2', 'des']],
    bad: [[], 'des'],
    may: 'a list of forms (des, v2), at least one',
  },
  'auth.ttl': whole(1, 1e10),
  'auth.multiLogin': {
    good: [{}, { wall: 'kickOld', wechatUser: 'rejectNew' }],
    bad: ['allow', 5],
    may: 'allow, kickOld, rejectNew, by auth type',
  },
  'limits.rate': whole(0, 1e6),
  'limits.burst': whole(1, 1e6),
  'limits.perIp': whole(0, 1e6),
  ack: flag(),
  filter: { good: ['html', 'none'], bad: ['HTML', false], may: 'one of html, none' },
  'groups.raw': { good: [[], ['LIVE_']], bad: ['LIVE_', {}], may: 'a list of key prefixes' },
  'log.level': {
    good: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    bad: ['loud', 30],
    may: 'one of fatal, error, warn, info, debug, trace, silent',
  },
  'log.keepDays': whole(1, 3650),
}

function whole(min: number, max: number) {
  const bad = [min - 1, max + 1, min + 0.5, Number.NaN, Number.POSITIVE_INFINITY, `${min}`, null, true]
  return { good: [min, max], bad, may: `a whole number from ${min} to ${max}` }
}

function text() {
  return { good: ['x'], bad: ['', 5, null, ['x']], may: 'a text that is not empty' }
}

function flag() {
  return { good: [true, false], bad: ['true', 0, null], may: 'true or false' }
}

const real = (option: string) => option.replace('<name>', 'main')

/** @param beside what else its group has to say */
function tree(option: string, value: unknown, beside: object = {}): Tree {
  const [head = '', ...rest] = option.split('.')
  return rest.length === 0 ? { [head]: value, ...beside } : { [head]: tree(rest.join('.'), value, beside) }
}

function read(value: unknown, [head, ...rest]: readonly string[]): unknown {
  return head === undefined ? value : read(Reflect.get(Object(value), head), rest)
}

/** The message of the error that these options end in. */
function complaint(options: object, environment = {}): string {
  try {
    checkApp(options, environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'no complaint'
}

test('no options at all are all the defaults', () => {
  expect(checkApp({}, {})).toEqual(DEFAULTS)
})

test('a part of a group leaves the rest of the group at its defaults', () => {
  for (const group of ['setting', 'manager', 'auth', 'limits', 'groups', 'log']) {
    expect(checkApp({ [group]: {} }, {})).toEqual(DEFAULTS)
  }
  expect(checkApp({ outside: { main: {}, second: { port: 5 } } }, {}).outside).toEqual({
    main: DEFAULTS.outside.main,
    second: { host: '127.0.0.1', port: 5, auth: true },
  })
})

test('there is a rule here for every option of the schema, and for no other', () => {
  expect(optionsOf(appSchema).map(({ name }) => name)).toEqual(Object.keys(RULES))
})

describe.each(Object.entries(RULES))('%s', (option, { good, bad, may, beside }) => {
  test('takes what it may be', () => {
    for (const value of good) {
      expect(read(checkApp(tree(real(option), value, beside), {}), real(option).split('.'))).toEqual(value)
    }
  })

  test('a wrong value is named, with what it got and what it may be', () => {
    for (const value of bad) {
      const message = complaint(tree(real(option), value, beside))
      expect(message).toContain(`Config/app.ts: ${real(option)} is `)
      expect(message.endsWith(`, it may be ${may}`), message).toBe(true)
    }
  })
})

test('what it got is shown as it was written', () => {
  expect(complaint({ setting: { worker_num: Number.NaN } })).toContain('setting.worker_num is NaN, it may be')
  expect(complaint({ setting: { mode: 'fast' } })).toContain('setting.mode is "fast", it may be')
  expect(complaint({ auth: { accept: ['des', 'v3'] } })).toBe(
    'Config/app.ts: auth.accept.1 is "v3", it may be one of des, v2',
  )
  expect(complaint({ groups: { raw: [''] } })).toContain('groups.raw.0 is "", it may be a text that is not empty')
})

test('a group that is no object of options is named', () => {
  for (const group of ['setting', 'manager', 'auth', 'limits', 'groups', 'log']) {
    expect(complaint({ [group]: 5 })).toBe(`Config/app.ts: ${group} is 5, it may be an object of options`)
  }
  expect(complaint({ outside: 5 })).toMatch(/^Config\/app\.ts: outside is 5, it may be public ports, each under a name/)
  expect(complaint({ outside: { main: 5 } })).toBe('Config/app.ts: outside.main is 5, it may be an object of options')
  expect(complaint([])).toBe('Config/app.ts: the default export is [], it may be an object of options')
})

test('there is at least one public port, and its name is short and plain', () => {
  expect(complaint({ outside: {} })).toBe('Config/app.ts: outside is {}, it may be at least one public port')
  expect(complaint({ outside: { 'a b': {} } })).toMatch(
    /^Config\/app\.ts: outside\.a b has a name that cannot be; .*1 to 32 letters/,
  )
})

test('every wrong option is named at once, each on a line', () => {
  const message = complaint({ ack: 1, setting: { mode: 'x', max_in_flight: 0 }, limits: { rate: -1 } })
  expect(message.split('\n').map((line) => line.split(' ')[1])).toEqual([
    'setting.mode',
    'setting.max_in_flight',
    'limits.rate',
    'ack',
  ])
})

test('an option that must be given is missed', () => {
  expect(complaint({ outside: { main: { tls: { cert: 'a.pem' } } } })).toBe(
    'Config/app.ts: outside.main.tls.key is nothing, it may be a text that is not empty',
  )
})

test('options that there are not are named with their full path', () => {
  expect(complaint({ port: 1 })).toBe('Config/app.ts: port is not an option')
  expect(complaint({ setting: { workerNum: 1, reactorNum: 2 } })).toBe(
    'Config/app.ts: setting.workerNum, setting.reactorNum are not options',
  )
  expect(complaint({ outside: { main: { ssl: true } } })).toBe('Config/app.ts: outside.main.ssl is not an option')
})

test('the result is frozen at every depth', () => {
  const config = checkApp({}, {})
  const open: string[] = []
  const look = (value: unknown, path: string) => {
    if (typeof value !== 'object' || value === null) return
    if (!Object.isFrozen(value)) open.push(path)
    for (const [name, below] of Object.entries(value)) look(below, `${path}.${name}`)
  }
  look(config, 'config')
  expect(open).toEqual([])
  expect(() => Object.assign(config.setting, { mode: 'process' })).toThrow(TypeError)
})

test('the options that were given stay as they were: neither changed nor frozen', () => {
  const options = { auth: { key: ['own'] }, outside: { main: { port: 1 } } }
  checkApp(options, { APP_OUTSIDE_PORT: '2', APP_AUTH_KEY: 'other' })
  expect(options).toEqual({ auth: { key: ['own'] }, outside: { main: { port: 1 } } })
  expect(Object.isFrozen(options.auth.key)).toBe(false)
})

describe('keys', () => {
  test('an empty key is refused, wherever it stands', () => {
    expect(complaint({ auth: { key: [''] } })).toContain('auth.key.0 is ""')
    expect(complaint({ auth: { key: ['good', ''] } })).toContain('auth.key.1 is ""')
    expect(complaint({}, { APP_AUTH_KEY: '' })).toContain('APP_AUTH_KEY (auth.key.0) is "", it may be')
  })

  test('"0" is refused: to PHP it is empty, and to MSwoole the key that everybody knows', () => {
    expect(complaint({ auth: { key: ['0'] } })).toMatch(/auth\.key\.0 is .*it may be any text but an empty one and 0$/)
  })

  test('the sample key is refused in production, also beside another and from the environment', () => {
    const production = { NODE_ENV: 'production' }
    for (const options of [
      {},
      { auth: { key: ['kfw001-websocket'] } },
      { auth: { key: ['own', 'kfw001-websocket'] } },
    ]) {
      expect(complaint(options, production)).toMatch(/^auth\.key is the sample key .* set auth\.key or APP_AUTH_KEY/)
    }
    const environment = { ...production, APP_AUTH_KEY: 'own,kfw001-websocket' }
    expect(complaint({ auth: { key: ['own'] } }, environment)).toMatch(/^auth\.key is the sample key/)
    expect(complaint({ auth: { key: ['own'] } }, production)).toBe('no complaint')
    expect(complaint({}, { NODE_ENV: 'development' })).toBe('no complaint')
  })

  test('a key or token of the wrong kind is not printed', () => {
    expect(complaint({ auth: { key: 'hush-hush' } })).toMatch(
      /^Config\/app\.ts: auth\.key is a text, it may be a list of keys/,
    )
    expect(complaint({ auth: { key: [['hush-hush']] } })).not.toContain('hush')
    expect(complaint({ manager: { token: { hush: 1 } } })).not.toContain('hush')
  })
})
