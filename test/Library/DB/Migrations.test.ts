import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DB } from '../../../Library/DB/DB'
import { migrate, migrateDown, migrationStates, type NamedMigration } from '../../../Library/DB/Migrations'
import type { Schema } from '../../../Library/DB/Schema'
import { DATABASES } from '../../support/databases'
import { compile } from '../../support/programs'

const run = promisify(execFile)
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mswoole-migrations-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => DB.close())

/** Makes a table, and takes it back. */
function making(name: string, table: string): NamedMigration {
  const up = ({ createTable, string }: Schema) => createTable(table).addColumn('name', string(20)).execute()
  const down = ({ db, table: whole }: Schema) => db.schema.dropTable(whole(table)).execute()
  return { name, file: `App/${name}.ts`, migration: { up, down } }
}

const A1 = making('A/0001_first', 'first')
const B1 = making('B/0001_second', 'second')
const A2 = making('A/0002_third', 'third')
const failing: NamedMigration = {
  name: 'B/0002_failing',
  file: 'App/B/Migration/0002_failing.ts',
  migration: {
    async up({ db, createTable }) {
      await createTable('half').execute()
      await db.schema.dropTable('there_is_none').execute()
    },
  },
}

const tables = async () =>
  (await DB.get().introspection.getTables())
    .map(({ name }) => name)
    .filter((name) => name.startsWith('p_'))
    .sort()
const done = async (migrations: NamedMigration[]) =>
  (await migrationStates(migrations)).filter(({ doneAt }) => doneAt).map(({ name }) => name)

const kinds = [
  { name: 'SQLite', start: async () => ({ url: `sqlite:${join(folder, 'kind.sqlite')}`, stop: async () => {} }) },
  ...DATABASES,
]

describe.each(kinds)('on $name', ({ name, start }) => {
  let place = { url: '', stop: async () => {} }
  beforeAll(async () => {
    place = await start()
  })
  afterAll(() => place.stop())
  beforeEach(() => DB.configure({ master: { url: place.url, prefix: 'p_' } }))

  it('each is done once, in the order of the names, also one that comes later and between others', async () => {
    expect((await migrationStates([A1, B1])).map(({ doneAt }) => doneAt)).toEqual([undefined, undefined])
    expect(await migrate([B1, A1])).toEqual(['A/0001_first', 'B/0001_second'])
    expect(await migrate([B1, A1])).toEqual([])
    expect(await migrate([A1, A2, B1])).toEqual(['A/0002_third'])
    expect(await tables()).toEqual(['p_first', 'p_kysely_migration', 'p_kysely_migration_lock', 'p_second', 'p_third'])
    const [first] = await migrationStates([A1, A2, B1])
    expect(Math.abs(Date.now() - Number(first?.doneAt))).toBeLessThan(60_000)
  })

  it('one that fails is named, and can be done when it is corrected', async () => {
    const rest = name === 'MariaDB' ? 'those before it are done' : 'nothing has changed'
    const C1 = making('A/0003_fourth', 'fourth')
    const text = expect.stringMatching(`^App/B/Migration/0002_failing.ts failed: .*there_is_none.*\\(${rest}`)
    await expect(migrate([A1, A2, B1, C1, failing])).rejects.toMatchObject({ name: 'MigrationError', message: text })
    const kept = name === 'MariaDB'
    expect((await tables()).includes('p_fourth')).toBe(kept)
    expect((await done([A1, A2, B1])).includes('A/0003_fourth')).toBe(kept)
    if (kept) await DB.get().schema.dropTable('p_half').execute()
    const corrected = { ...failing, migration: making('', 'half').migration }
    expect(await migrate([A1, A2, B1, C1, corrected])).toContain('B/0002_failing')
    expect(await tables()).toContain('p_half')
  })

  it('what later code has done stays, and does not stop older code', async () => {
    expect(await migrate([A1])).toEqual([])
    expect(await migrate([A1, making('A/0000_zeroth', 'zeroth')])).toEqual(['A/0000_zeroth'])
    const states = await migrationStates([A1])
    expect(states.filter(({ known }) => known).map(({ name: own }) => own)).toEqual(['A/0001_first'])
    expect(states.length).toBeGreaterThan(3)
  })

  it('down takes the last one back, if it is known and has a way', async () => {
    const zeroth = making('A/0000_zeroth', 'zeroth')
    await expect(migrateDown([A1])).rejects.toThrow('not one of this code')
    const noWay = { ...zeroth, migration: { up: zeroth.migration.up } }
    await expect(migrateDown([noWay])).rejects.toThrow('App/A/0000_zeroth.ts failed: it exports no function down')
    expect(await migrateDown([zeroth])).toEqual(['A/0000_zeroth'])
    expect(await tables()).not.toContain('p_zeroth')
    expect(await done([zeroth])).not.toContain('A/0000_zeroth')
  })
})

describe('a SQLite file', () => {
  it('four processes that migrate at once: each migration is done once, and nobody fails', async () => {
    const { file, remove } = await compile('test/Library/DB/race.ts')
    try {
      const url = `sqlite:${join(folder, 'race.sqlite')}`
      const processes = [1, 2, 3, 4].map(() => fork(file, [url], { execArgv: [] }))
      await Promise.all(processes.map((child) => once(child, 'message')))
      const ended = processes.map((child) => once(child, 'exit'))
      const told = processes.map((child) => once(child, 'message'))
      for (const child of processes) child.send('go')
      expect((await Promise.all(ended)).map(([code]) => code)).toEqual([0, 0, 0, 0])
      const all = (await Promise.all(told)).flatMap(([names]) => names).sort()
      expect(all).toEqual([1, 2, 3, 4, 5].map((n) => `Race/000${n}`))
    } finally {
      remove()
    }
  })

  it('has what is written into it, whoever else opens and closes it meanwhile', async () => {
    const { file, remove } = await compile('test/Library/DB/count.ts')
    try {
      const url = `sqlite:${join(folder, 'kept.sqlite')}`
      DB.configure({ master: { url }, other: { url } })
      await migrate([A1])
      const insert = (connection: string) =>
        DB.get<{ first: { name: string } }>(connection).insertInto('first').values({ name: connection }).execute()
      await insert('master')
      await insert('other')
      const counted = async () => (await run(process.execPath, [file, url, 'first'])).stdout
      expect(await counted()).toBe('2')
      await insert('master')
      expect(await counted()).toBe('3')
    } finally {
      remove()
    }
  })

  it('is for its owner only, and waits for one who writes', async () => {
    const path = join(folder, 'waits', 'data.sqlite')
    DB.configure({ master: { url: `sqlite:${path}` }, other: { url: `sqlite:${path}` } })
    await migrate([A1])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    let free = () => {}
    const held = new Promise<void>((resolve) => {
      free = resolve
    })
    const writing = DB.get<{ first: { name: string } }>('other')
      .transaction()
      .execute(async (transaction) => {
        await transaction.insertInto('first').values({ name: 'x' }).execute()
        await held
      })
    const waiting = migrate([A1, B1])
    free()
    await writing
    expect(await waiting).toEqual(['B/0001_second'])
  })
})

describe('the object that a migration is given', () => {
  it('refuses a text of a length that is none', async () => {
    DB.configure({ master: { url: ':memory:' } })
    for (const length of [0, -1, 1.5, 16_384, Number.NaN]) {
      const up = async ({ string }: Schema) => string(length)
      const odd: NamedMigration = { name: 'A/1', file: 'a.ts', migration: { up } }
      await expect(migrate([odd])).rejects.toThrow(`a.ts failed: string(${length}): the length of a text`)
    }
  })
})
