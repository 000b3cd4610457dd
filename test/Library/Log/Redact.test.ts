import { inspect } from 'node:util'
import fc from 'fast-check'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { des, sealV2 } from '../../../Library/Encrypt/Encrypt'
import { redact } from '../../../Library/Log/Redact'

const SECRET = des('{"id":"1","type":"wall"}', 'marico-websocket')
const TOKEN = sealV2('{"id":"1","type":"wall"}', 'key')

/** What pino makes of these arguments, cleaned. */
function line(write: (log: pino.Logger) => void): string {
  let text = ''
  const destination = {
    write(one: string) {
      text += one
    },
  }
  write(pino({ base: null }, destination))
  return redact(text)
}

describe('redact', () => {
  it.each([
    ['a URL', `GET /live?auth=${SECRET}&x=1`],
    ['a URL in which it is percent-encoded', `GET /?auth=${encodeURIComponent(SECRET)}`],
    ['a URL in a URL', `next=%2F%3Fauth%3D${encodeURIComponent(SECRET)}`],
    ['a quoted value', `auth="${SECRET}"`],
    ['the environment', `APP_AUTH_KEY=${SECRET},other NODE_ENV=x`],
    ['a v2 token by itself', `refused ${SECRET.replace(/.*/, TOKEN)} here`],
    ['a header', `Authorization: Bearer ${SECRET}`],
    ['a Redis URL', `connect redis://user:${SECRET.replace(/[/:_*]/g, 'x')}@host:6379/0`],
    ['a Redis URL without a user', 'connect rediss://:hunter2@host'],
    ['a Redis URL with an @ in the password', 'connect redis://u:hun@ter2@host'],
    ['JSON in a text', `frame ${JSON.stringify({ a: 1, auth: SECRET, b: 2 })}`],
    ['pretty JSON in a text', `frame ${JSON.stringify({ auth: SECRET, key: [SECRET, 5] }, null, 2)}`],
    ['JSON in a text, with quotes in the secret', `frame ${JSON.stringify({ password: `"\\${SECRET}` })}`],
    ['an inspected object', inspect({ auth: SECRET, key: ['a', SECRET] })],
  ])('takes it out of %s', (_name, text) => {
    const clean = line((log) => log.info(text))
    expect(clean).toContain('[redacted]')
    expect(clean).not.toMatch(/hunter2|hun@ter2/)
    expect(clean).not.toContain(SECRET)
    expect(clean).not.toContain(encodeURIComponent(SECRET))
    expect(clean).not.toContain(SECRET.replace(/[/:_*]/g, 'x'))
    expect(clean).not.toContain(TOKEN.slice(3))
    expect(() => JSON.parse(clean)).not.toThrow()
  })

  it.each([
    'auth',
    'Token',
    'key',
    'PASSWORD',
    'authorization',
    'managerToken',
    'auth_key',
    'APP_AUTH_KEY',
    'db.password',
  ])('takes out the value of a field named %s, at any depth', (name) => {
    for (const value of [SECRET, `with "quotes" and \\ and ${SECRET}`, [SECRET, 'two]'], 481216]) {
      const clean = line((log) =>
        log.info({ [name]: value, deep: [{ er: { [name]: value } }], other: 'stays' }, 'text'),
      )
      expect(clean).not.toContain(SECRET)
      expect(clean).not.toContain('481216')
      expect(JSON.parse(clean)).toMatchObject({
        [name]: '[redacted]',
        deep: [{ er: { [name]: '[redacted]' } }],
        other: 'stays',
        msg: 'text',
      })
    }
  })

  it('takes it out of bindings, of errors, of what is formatted into a message', () => {
    const error = Object.assign(new Error(`upgrade of /?auth=${SECRET} failed`), {
      command: { name: 'hello', args: ['3', 'AUTH', 'default', SECRET] },
    })
    const clean = line((log) => {
      log.child({ token: SECRET }).info('bound')
      log.error(error)
      log.error({ err: error }, 'with %j and %s', { auth: { key: [SECRET] } }, `auth=${SECRET}`)
    })
    expect(clean).not.toContain(SECRET)
    expect(clean.match(/\[redacted\]/g)?.length).toBeGreaterThan(6)
  })

  it.each([
    { auth: { id: '1', type: 'wall', nickname: 'n' } },
    { monkey: 'banana', keys: 'a', tokens: 5, author: 'me', authType: 'wall' },
    { port: { auth: true, host: '127.0.0.1' } },
    { url: 'redis://127.0.0.1:6379/0', page: 'https://example.org/@me', file: 'file:///a/node_modules/@b/c.js' },
    { msg: 'v2.0.1 of the client, authorised, keyed' },
  ])('leaves %j as it is', (fields) => {
    expect(JSON.parse(line((log) => log.info(fields)))).toMatchObject(fields)
  })

  it('makes no line of JSON into something else', () => {
    const names = fc.constantFrom('auth', 'key', 'token', 'x', 'msg', 'a"key', 'password')
    const pieces = fc.constantFrom(
      'auth=',
      '"',
      '\\',
      '\\"',
      "'",
      "key: '",
      'key: [',
      ']',
      "it's",
      '"key":[',
      '://',
      '@',
      'Bearer ',
      '%3D',
      ' ',
      '\n',
      'a',
    )
    const text = fc
      .array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 12 })
      .map((all) => all.join(''))
    const value = fc.oneof(
      text,
      fc.array(text, { maxLength: 3 }),
      fc.double(),
      fc.dictionary(names, text, { maxKeys: 3 }),
      text.map((one) => JSON.stringify({ auth: one })),
    )
    fc.assert(
      fc.property(fc.dictionary(names, value, { maxKeys: 4 }), (fields) => {
        expect(() => JSON.parse(line((log) => log.info(fields, 'm')))).not.toThrow()
      }),
      { numRuns: 2000 },
    )
  })

  it('takes a time linear in the line, whatever a client puts there', () => {
    const evil = [
      '"key":[',
      '\\"key\\":[',
      "key: [ '",
      "auth'",
      'auth=',
      '://',
      '://a',
      'a.',
      '-token',
      '"auth":"',
      'Bearer ',
      '\\"auth\\":\\"',
      '%3D',
    ]
    for (const piece of evil) {
      const text = JSON.stringify({ msg: piece.repeat(400_000 / piece.length) })
      const began = performance.now()
      redact(text)
      // About 20 ms where it is linear, and much more where the machine is slow; the square of 400,000 takes minutes.
      expect(performance.now() - began, piece).toBeLessThan(10_000)
    }
  })
})
