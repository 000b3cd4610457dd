import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkDb } from '../../../Library/Config/Config'
import { type Dsn, parseDsn } from '../../../Library/DB/Dsn'

const SERVERS = [
  ['mysql', 'mysql', 3306],
  ['mariadb', 'mysql', 3306],
  ['postgres', 'postgres', 5432],
  ['postgresql', 'postgres', 5432],
  ['mssql', 'mssql', 1433],
  ['sqlserver', 'mssql', 1433],
] as const

const anyText = fc.string({ unit: 'grapheme', maxLength: 20 })
const host = fc.oneof(fc.domain(), fc.ipV4(), fc.constantFrom('localhost', 'db_1.internal', '::1', 'fe80::1'))
// To a URL these are steps in a path.
const database = anyText.filter((name) => name !== '.' && name !== '..')
const parameters = fc.dictionary(
  fc.stringMatching(/^[a-zA-Z_]{1,10}$/).filter((name) => name !== 'pool'),
  anyText,
  {
    maxKeys: 4,
    noNullPrototype: true,
  },
)

describe('parseDsn', () => {
  it('gives back what a url was made of, whatever stands in it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SERVERS),
        fc.record({ host, user: anyText, password: anyText, database, parameters }),
        fc.option(fc.integer({ min: 1, max: 65_535 })),
        fc.option(fc.integer({ min: 1, max: 1000 })),
        fc.constantFrom('', '#utf8mb4', '#utf8', '#UTF-8'),
        ([scheme, dialect, usual], { parameters: given, ...parts }, port, pool, charset) => {
          const [user, password, database] = [parts.user, parts.password, parts.database].map(encodeURIComponent)
          const at = parts.host.includes(':') ? `[${parts.host}]` : parts.host
          const query = new URLSearchParams({ ...given, ...(pool === null ? {} : { pool: String(pool) }) })
          const place = `${at}${port === null ? '' : `:${port}`}`
          const url = `${scheme}://${user}:${password}@${place}/${database}?${query}${charset}`
          const whole: Dsn = { dialect, ...parts, port: port ?? usual, pool: pool ?? 10, parameters: given }
          expect(parseDsn(url)).toStrictEqual(whole)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('never shows the password of a url that cannot be, and says what it may be', () => {
    const password = 'S3cr3t-Passw0rd'
    const garbage = fc.string({ unit: 'binary-ascii', maxLength: 15 })
    fc.assert(
      fc.property(garbage, garbage, garbage, garbage, (scheme, user, place, rest) => {
        const url = `${scheme}:${user}:${password}@${place}/${rest}`
        let failure: unknown
        try {
          parseDsn(url)
        } catch (error) {
          failure = error
        }
        if (failure === undefined) return
        expect(failure).toBeInstanceOf(TypeError)
        expect(String(failure)).toContain('mysql://host:3306/database')
        expect(String(failure)).not.toContain(password)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['sqlite:data/live.db', 'data/live.db'],
    ['sqlite:/var/lib/live.db', '/var/lib/live.db'],
    ['sqlite:///var/lib/live.db', '/var/lib/live.db'],
    ['sqlite::memory:', ':memory:'],
    ['SQLITE:墙.db', '墙.db'],
    ['file:live.db', 'live.db'],
    [':memory:', ':memory:'],
  ])('%s is the SQLite %s', (url, file) => {
    expect(parseDsn(url)).toStrictEqual({ dialect: 'sqlite', file })
  })

  it.each([
    ['', 'it must be'],
    ['mysql', 'it must be'],
    ['mysql:host/db', 'it must be'],
    ['mysql:///db', 'it must be'],
    ['postgres://user@/db', 'it must be'],
    ['oracle://host/db', 'it must be'],
    ['__proto__://host/db', 'it must be'],
    ['mysql://host:70000/db', 'it must be'],
    ['mysql://user:p%@host/db', '%25'],
    ['mysql://user:p#word@host/db', 'it must be'],
    ['mysql://host/db#latin1', 'charset'],
    ['postgres://host/db#gbk', 'charset'],
    ['mysql://host/db?pool=0', 'pool'],
    ['mysql://host/db?pool=1001', 'pool'],
    ['mysql://host/db?pool=many', 'pool'],
    ['sqlite:', 'path of a file'],
    ['sqlite://host/x', 'path of a file'],
    ['sqlite:x?mode=ro', 'path of a file'],
  ])('%s is refused', (url, what) => {
    expect(() => parseDsn(url)).toThrow(what)
  })
})

describe('Config/db.ts', () => {
  it('is the embedded SQLite without a word', () => {
    expect(checkDb({}, {})).toEqual({ master: { url: '', prefix: '' } })
    expect(checkDb({ log: { url: 'sqlite:log.db' } }, {})).toEqual({
      master: { url: '', prefix: '' },
      log: { url: 'sqlite:log.db', prefix: '' },
    })
  })

  it('DB_URL takes the place of every url', () => {
    const options = { master: { url: 'mysql://a/b', prefix: 'a_' }, log: { url: 'nonsense' } }
    expect(checkDb(options, { DB_URL: 'sqlite:one.db' })).toEqual({
      master: { url: 'sqlite:one.db', prefix: 'a_' },
      log: { url: 'sqlite:one.db', prefix: '' },
    })
    expect(checkDb({ master: { url: 'sqlite:x' } }, { DB_URL: '' }).master?.url).toBe('sqlite:x')
  })

  it('names the option that is wrong, and never the password', () => {
    const secret = 'mysql://root:S3cr3t@host/db?pool=x'
    for (const check of [
      () => checkDb({ live: { url: secret } }, {}),
      () => checkDb({ live: {} }, { DB_URL: secret }),
    ]) {
      expect(check).toThrow(/^(?:Config\/db\.ts|DB_URL): db\.(?:live|master)\.url: its pool must be/)
      expect(check).not.toThrow(/S3cr3t/)
    }
    expect(() => checkDb({ master: { prefix: 'a-b' } }, {})).toThrow('master.prefix is "a-b"')
    expect(() => checkDb(Object({ master: { pass: 'x' } }), {})).toThrow('master.pass is not an option')
    expect(() => checkDb({ 'a b': {} }, {})).toThrow('has a name that cannot be')
  })
})
