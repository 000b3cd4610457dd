import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { des, sealV2 } from '../../../Library/Encrypt/Encrypt'
import { Client, KEY, phone, refused, wall } from '../../support/client'
import { Server } from '../../support/server'

const OTHER = 'marico-websocket'
const LONG = '123456789012345678901234'
const TTL = 10_000_000_000
const FORBIDDEN = { status: 403, message: 'error auth' }

const Vectors = z.object({
  vectors: z.array(z.object({ name: z.string(), plaintext: z.string(), cipher: z.string() })),
})
const { vectors } = Vectors.parse(JSON.parse(readFileSync(resolve('test/data/des-vectors.json'), 'utf8')))
const authVectors = vectors.filter(({ name }) => name.startsWith('auth JSON'))

let server: Server
beforeAll(async () => {
  const keys = `${OTHER}, ${KEY},${LONG} and what nobody looks at`
  const env = { APP_MODE: 'base', APP_AUTH_TTL: String(TTL), APP_AUTH_KEY: keys }
  server = await Server.start({ fixture: 'wire', env })
})
afterAll(() => server.stop())

const now = () => Math.floor(Date.now() / 1000)
const fresh = (fields: object = {}) => JSON.stringify({ ...phone(), ctime: now(), ...fields })

/** @param query the query as it stands in the request line, without `?` */
async function userOf(query: string, path = ''): Promise<unknown> {
  const client = await Client.connect(`${server.url()}${path}?${query}`, undefined)
  const { param } = await client.call('echo.echo.data')
  await client.close()
  return Object(param).auth
}

const rejected = (query: string) => refused(`${server.url()}?${query}`)

describe('a client gets in', () => {
  test.each(authVectors)('with what PHP made: $name', async ({ plaintext, cipher }) => {
    const { ctime: _, ...user } = JSON.parse(plaintext)
    expect(await userOf(`auth=${cipher}`)).toEqual(user)
    expect(await userOf(`auth=${encodeURIComponent(cipher)}`)).toEqual(user)
  })

  test('with *, : and _ plain or percent-encoded, on any path, whatever else the query says', async () => {
    expect(authVectors).toHaveLength(2)
    let text = ''
    for (let n = 0; !['*', ':', '_'].every((special) => text.includes(special)); n++) {
      text = des(fresh({ nickname: `n${n}` }), KEY)
    }
    const encoded = text.replaceAll('*', '%2A').replaceAll(':', '%3A').replaceAll('_', '%5f')
    const user = await userOf(`auth=${text}`)
    expect(user).toMatchObject({ id: '1', type: 'wechatUser', code: 'A' })
    expect(await userOf(`auth=${encoded}`)).toEqual(user)
    expect(await userOf(`a=1&auth=${text}&b=2`, 'live')).toEqual(user)
    expect(await userOf(`auth=${encoded}`, 'any/path/at-all.php')).toEqual(user)
  })

  test('with any of the keys, of which 24 bytes count', async () => {
    for (const key of [KEY, OTHER, LONG]) expect(await userOf(`auth=${des(fresh(), key)}`)).toEqual(phone())
  })

  test('with a v2 token', async () => {
    expect(await userOf(`auth=${sealV2(fresh(wall()), KEY)}`)).toEqual(wall())
  })

  test('from a minute ahead to the end of the ttl', async () => {
    expect(await userOf(`auth=${des(fresh({ ctime: now() + 55 }), KEY)}`)).toEqual(phone())
    expect(await userOf(`auth=${des(fresh({ ctime: now() - TTL + 60 }), KEY)}`)).toEqual(phone())
  })
})

describe('a client gets 403', () => {
  const cases: readonly (readonly [string, () => string])[] = [
    ['without a query', () => ''],
    ['without auth', () => 'token=x'],
    ['with an empty auth', () => 'auth='],
    ['with Auth in capitals', () => `Auth=${des(fresh(), KEY)}`],
    ['with another key', () => `auth=${des(fresh(), 'another-key')}`],
    ['with a v2 token of another key', () => `auth=${sealV2(fresh(), 'another-key')}`],
    ['with an auth string that is cut short', () => `auth=${des(fresh(), KEY).slice(0, -4)}`],
    ['with an auth string that lacks a block', () => `auth=${des(fresh(), KEY).slice(0, 32)}`],
    ['with its plaintext', () => `auth=${encodeURIComponent(fresh())}`],
    ['with a list', () => `auth=${des(`[${fresh()}]`, KEY)}`],
    ['with a text', () => `auth=${des('"wall"', KEY)}`],
    ['with null', () => `auth=${des('null', KEY)}`],
    ['without an id', () => `auth=${des(fresh({ id: undefined }), KEY)}`],
    ['with an empty id', () => `auth=${des(fresh({ id: '' }), KEY)}`],
    ['without a type', () => `auth=${des(fresh({ type: undefined }), KEY)}`],
    ['without a ctime', () => `auth=${des(fresh({ ctime: undefined }), KEY)}`],
    ['when it has expired', () => `auth=${des(fresh({ ctime: now() - TTL - 1 }), KEY)}`],
    ['when it is from the future', () => `auth=${des(fresh({ ctime: now() + 120 }), KEY)}`],
    ['with a ctime in milliseconds', () => `auth=${des(fresh({ ctime: Date.now() }), KEY)}`],
    ['with broken percent-encoding', () => 'auth=%zz%'],
    ['with bytes that are no UTF-8', () => 'auth=%ff%fe'],
    ['with 3.5 KB of auth', () => `auth=${'A'.repeat(3584)}`],
  ]

  test.each(cases)('%s', async (_name, query) => {
    expect(await rejected(query())).toEqual(FORBIDDEN)
  })

  test('with random blocks', async () => {
    const blocks = Array.from({ length: 300 }, (_, n) => createHash('sha512').update(`socket ${n}`).digest())
    const answers = await Promise.all(
      blocks.map((bytes, n) => rejected(`auth=${encodeURIComponent(bytes.toString('base64', 0, 8 * (1 + (n % 8))))}`)),
    )
    expect(answers.filter((answer) => answer.status !== 403 || answer.message !== 'error auth')).toEqual([])
  })

  test('and no word about why; the log has it, and no auth string', async () => {
    const text = des(fresh({ ctime: now() - TTL - 1 }), KEY)
    await rejected(`auth=${text}`)
    await server.logged(({ reason }) => reason === 'expired')
    expect(server.output.join('\n')).not.toContain(text)
  })
})
