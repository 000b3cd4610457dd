import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { WallMessages } from '../../../App/Live/Model/Wall'
import { DatabaseAway, DB, isDatabaseAway } from '../../../Library/DB/DB'
import { migrate } from '../../../Library/DB/Migrations'
import { log } from '../../../Library/Log/Log'
import { eventually } from '../../support/eventually'
import { MIGRATIONS } from '../Model/things'

let folder = ''
let file = 0
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mswoole-db-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeEach(() => {
  vi.spyOn(log, 'error').mockImplementation(() => {})
})
afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  await DB.close()
})

const row = { code: 'A', nickname: 'n', say: 's', user_id: 'u' }
const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('DB', () => {
  it('knows the connections that are configured, and opens them at their first use', async () => {
    const nowhere = 'mysql://root@127.0.0.1:1/x'
    DB.configure({ master: { url: nowhere, prefix: 'a_' }, log: { url: ':memory:' } })
    expect([DB.dialect(), DB.prefix(), DB.dialect('log'), DB.prefix('log')]).toEqual(['mysql', 'a_', 'sqlite', ''])
    expect(() => DB.get('nope')).toThrow('db: there is no connection "nope", configured are: master, log')
    const error = await failure(DB.sql`select 1`.execute(DB.get()))
    expect(isDatabaseAway(error)).toBe(true)
    expect(String(error)).toBe('DatabaseAway: the database could not be reached: connect ECONNREFUSED 127.0.0.1:1')
  })

  it.each(['mysql', 'postgres'])(
    '%s: who takes the connection and says nothing is given up, and the log says so',
    async (kind) => {
      const silent = createServer(() => {})
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
      DB.configure({ master: { url: `${kind}://root@127.0.0.1:${Object(silent.address()).port}/x` } })
      const error = await failure(DB.sql`select 1`.execute(DB.get())) // else it would wait for ever
      expect(isDatabaseAway(error)).toBe(true)
      await eventually(() => expect(log.error).toHaveBeenCalledTimes(1))
      await DB.close()
      silent.close()
    },
  )

  it('refuses what cannot be, and another configuration while databases are open', async () => {
    expect(() => DB.configure({ live: { url: 'mysql://root:S3cr3t@' } })).toThrow(/^db\.live\.url: it must be mysql:/)
    DB.configure({ master: { url: ':memory:' } })
    await DB.sql`select 1`.execute(DB.get())
    expect(() => DB.configure({})).toThrow('db: close() comes before another configure()')
  })

  it('close lets those who use a connection go on for a while; then nobody gets one until the next configure', async () => {
    DB.configure({ master: { url: ':memory:' } })
    const db = DB.get()
    let free = () => {}
    const held = new Promise<void>((resolve) => {
      free = resolve
    })
    let using: Promise<{ rows: { n: number }[] }> | undefined
    await new Promise<void>((has) => {
      using = db.connection().execute(async (one) => {
        has()
        await held
        return await DB.sql<{ n: number }>`select 1 as n`.execute(one)
      })
    })
    const closing = DB.close(20_000)
    free()
    expect((await using)?.rows).toEqual([{ n: 1 }])
    await Promise.all([closing, DB.close()])
    expect(() => DB.get()).toThrow(DatabaseAway)
    expect(isDatabaseAway(await failure(DB.sql`select 1`.execute(db)))).toBe(true)
    DB.configure({ master: { url: ':memory:' } })
    expect((await DB.sql<{ n: number }>`select 2 as n`.execute(DB.get())).rows).toEqual([{ n: 2 }])
  })

  it('a Kysely that is destroyed takes the pool from nobody', async () => {
    DB.configure({ master: { url: ':memory:' } })
    const db = DB.get()
    await DB.sql`create table t (a integer)`.execute(db)
    await db.destroy()
    expect((await DB.sql`select * from t`.execute(DB.get())).rows).toEqual([])
  })

  it('what is in memory stays, however long nobody asks for it', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'performance'] })
    DB.configure({ master: { url: ':memory:' } })
    await DB.sql`create table t (a integer)`.execute(DB.get())
    vi.advanceTimersByTime(3_600_000)
    expect((await DB.sql`select * from t`.execute(DB.get())).rows).toEqual([])
  })
})

// Two connections to one file are what two processes are.
describe('a SQLite file that another one writes', () => {
  class Others extends WallMessages {
    override readonly connection = 'other'
  }
  const [walls, others] = [new WallMessages(), new Others()]
  beforeEach(async () => {
    const url = `sqlite:${join(folder, `${++file}.sqlite`)}`
    DB.configure({ master: { url }, other: { url } })
    await migrate(MIGRATIONS)
  })

  /** Takes the right to write. @returns what gives it back */
  function hold(): Promise<() => Promise<void>> {
    return new Promise((resolve) => {
      const done = others.transaction(async (model) => {
        await model.create(row)
        await new Promise<void>((free) => {
          resolve(async () => {
            free()
            await done
          })
        })
      })
    })
  }

  it('can be read; a write waits, and transactions come after it as before', async () => {
    const release = await hold()
    expect((await walls.pageList({}, 1, 10)).count).toBe(0)
    const waiting = walls.create(row)
    await new Promise((resolve) => setTimeout(resolve, 100)) // it has met the other one
    await release()
    await waiting
    await walls.transaction((model) => model.create(row))
    expect((await walls.pageList({}, 1, 10)).count).toBe(3)
  })

  it('a write waits for 2 s at most; after that one all goes on as before', async () => {
    const release = await hold()
    const began = performance.now()
    const errors = await Promise.all(
      [walls.create(row), walls.create(row), walls.transaction((model) => model.create(row))].map(failure),
    )
    expect(errors.map(isDatabaseAway)).toEqual([true, true, true])
    expect(performance.now() - began).toBeLessThan(10_000)
    await release()
    await walls.transaction((model) => model.create(row))
    expect((await walls.pageList({}, 1, 10)).count).toBe(2)
  })
})
