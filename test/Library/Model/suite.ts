import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { WallMessages } from '../../../App/Live/Model/Wall'
import { DB } from '../../../Library/DB/DB'
import { migrate } from '../../../Library/DB/Migrations'
import { MIGRATIONS, Things } from './things'

/** What goes wrong where values become SQL, in one of the databases or in all. */
export const INJECTIONS = [
  `'`,
  `"`,
  '`',
  `\\`,
  `\\'`,
  `''`,
  `' or '1'='1`,
  `" or "1"="1`,
  `1; drop table app_live_wall_message; --`,
  `'); drop table app_live_wall_message; --`,
  `\\'; drop table app_live_wall_message; #`,
  `$1`,
  `?`,
  `:id`,
  `@p1`,
  `%`,
  `_`,
  `null`,
  `/* */`,
  `\u00bf\u0027 or 1=1`,
  `{"$ne":null}`,
  `a\nb\r\nc\td`,
]

/** Rows as everybody says them. */
const said = (say: string, code = 'A') => ({ code, nickname: '小明', say, user_id: 'u1' })

/** Every promise of Model, on one kind of database. @param open starts it @returns its url, and what ends it */
export function modelSuite(name: string, open: () => Promise<{ url: string; stop: () => Promise<void> }>): void {
  describe(name, () => {
    const walls = new WallMessages()
    const things = new Things()
    let stop = async () => {}

    beforeAll(async () => {
      const { url, stop: end } = await open()
      stop = end
      DB.configure({ master: { url, prefix: 'app_' } })
      await migrate(MIGRATIONS)
    })
    afterAll(async () => {
      await DB.close()
      await stop()
    })
    beforeEach(async () => {
      vi.useRealTimers()
      await walls.query().deleteFrom('live_wall_message').execute()
      await things.query().deleteFrom('things').execute()
    })

    it('create gives the whole row as it stands in the table', async () => {
      vi.useFakeTimers({ toFake: ['Date'], now: 1_700_000_000_900 })
      const row = await walls.create(said('你好 😀'))
      const whole = {
        ...said('你好 😀'),
        id: row.id,
        status: 1,
        create_time: 1_700_000_000,
        update_time: 1_700_000_000,
      }
      expect(row).toStrictEqual(whole)
      expect(Number.isSafeInteger(row.id)).toBe(true)
      expect(await walls.find({ id: row.id })).toStrictEqual(whole)
      expect((await walls.create(said('next'))).id).toBeGreaterThan(row.id)
    })

    it('the tables have their prefix, also where the model has one of its own', async () => {
      await walls.create(said('x'))
      const db = DB.get<{ app_live_wall_message: { say: string } }>()
      expect(await db.selectFrom('app_live_wall_message').select('say').execute()).toEqual([{ say: 'x' }])
      class Elsewhere extends WallMessages {
        override readonly prefix = 'none_'
      }
      await expect(new Elsewhere().find({ id: 1 })).rejects.toThrow(/none_live_wall_message/)
    })

    it('update counts the rows that match, changed or not, and sets update_time', async () => {
      vi.useFakeTimers({ toFake: ['Date'], now: 1_700_000_000_000 })
      const [one, other] = [await walls.create(said('1')), await walls.create(said('2'))]
      vi.setSystemTime(1_700_000_060_000)
      expect(await walls.update({ status: 1 }, { code: 'A' })).toBe(2)
      expect(await walls.update({ status: 1 }, { code: 'A' })).toBe(2)
      expect(await walls.update({ status: 0 }, { id: one.id, code: 'A', status: 1 })).toBe(1)
      expect(await walls.update({ status: 0 }, { id: one.id, code: 'A', status: 1 })).toBe(0)
      expect(await walls.update({ status: 0 }, { id: other.id, code: 'B' })).toBe(0)
      expect(await walls.find({ id: one.id })).toStrictEqual({ ...one, status: 0, update_time: 1_700_000_060 })
    })

    it('delete counts the rows that were there', async () => {
      await walls.create(said('1'))
      await walls.create(said('2', 'B'))
      expect(await walls.delete({ code: 'A' })).toBe(1)
      expect(await walls.delete({ code: 'A' })).toBe(0)
      expect(await walls.find({ code: 'A' })).toBeUndefined()
      expect(await walls.find({ code: 'B' })).toBeDefined()
    })

    it('where: null is IS NULL, a list is IN, an empty list is nothing, letters are not other letters', async () => {
      for (const thing of ['a', 'A', 'b', null]) await things.create({ name: thing })
      const names = async (where: Parameters<Things['find']>[0]) =>
        (await things.pageList(where, 1, 10)).list.map(({ name: found }) => found)
      expect(await names({ name: null })).toEqual([null])
      expect(await names({ name: 'a' })).toEqual(['a'])
      expect(await names({ name: ['A', 'b', 'c'] })).toEqual(['A', 'b'])
      expect(await names({ name: [] })).toEqual([])
      expect(await names({})).toEqual(['a', 'A', 'b', null])
      expect(await things.update({ ratio: 1 }, { name: [] })).toBe(0)
      expect(await things.delete({ name: [] })).toBe(0)
    })

    it('values come back as they went in', async () => {
      const bytes = Buffer.from([0, 1, 127, 128, 255])
      const row = { name: '', amount: 2 ** 53 - 1, ratio: -0.5, flag: 7, bytes }
      const { uid, ...found } = await things.create(row)
      expect(found).toStrictEqual(row)
      expect(await things.find({ uid, bytes, ratio: -0.5, amount: 2 ** 53 - 1 })).toBeDefined()
      expect(await things.create({ amount: 5_000_000_000n, flag: true, ratio: 3 })).toMatchObject({
        name: null,
        amount: 5_000_000_000,
        flag: 1,
        ratio: 3,
        bytes: null,
      })
      expect(await things.find({ flag: false })).toBeUndefined()
      expect(await things.create({ uid: 900_000, name: 'chosen' })).toMatchObject({ uid: 900_000, name: 'chosen' })
    })

    it('any text comes back, of any script and length', async () => {
      const text = fc.string({ unit: 'grapheme', maxLength: 60 }).map((any) => any.replaceAll('\0', ''))
      await fc.assert(
        fc.asyncProperty(text, async (say) => {
          const { id } = await walls.create(said(say))
          expect((await walls.find({ id, say }))?.say).toBe(say)
        }),
        { numRuns: 40 },
      )
      for (const long of ['x'.repeat(5000), '墙'.repeat(5000), '👩‍👩‍👧‍👦'.repeat(600)]) {
        expect((await walls.create(said(long))).say).toBe(long)
      }
    })

    it('no text in any value is more than a text', async () => {
      const keep = await walls.create(said('keep'))
      for (const evil of INJECTIONS) {
        const { id } = await walls.create({ code: evil, nickname: evil, say: evil, user_id: evil })
        const where = { code: evil, nickname: evil, say: evil, user_id: evil }
        expect((await walls.find(where))?.id).toBe(id)
        expect((await walls.pageList({ say: [evil, evil] }, 1, 10)).count).toBe(1)
        expect(await walls.update({ nickname: `${evil}!`, say: evil }, where)).toBe(1)
        expect(await walls.delete({ ...where, nickname: `${evil}!` })).toBe(1)
      }
      expect((await walls.pageList({}, 1, 10)).list).toEqual([keep])
    })

    it('no name of a column is anything else, wherever it stands', async () => {
      const keep = await walls.create(said('keep'))
      const evil = [
        ...INJECTIONS.filter((name) => name !== '_' && name !== 'null'),
        'id = 1 or 1',
        'a.id',
        'id as x',
        '',
        '*',
      ]
      for (const name of evil) {
        const given: object = { [name]: 1 }
        for (const attempt of [
          () => walls.find(given),
          () => walls.delete(given),
          () => walls.update(given, { id: keep.id }),
          () => walls.update({ say: 'x' }, given),
          () => walls.create(Object.assign(said('x'), given)),
          () => walls.pageList(given, 1, 10),
          () => walls.pageList({}, 1, 10, { [name]: 'asc' }),
        ]) {
          await expect(attempt()).rejects.toThrow(/is no name of a column/)
        }
      }
      for (const direction of ['desc; drop table app_live_wall_message', 'ASC', '', 1, null]) {
        await expect(walls.pageList({}, 1, 10, Object({ id: direction }))).rejects.toThrow(
          'the order of id is asc or desc',
        )
      }
      await expect(walls.find(Object({ nope: 1 }))).rejects.toThrow(/nope/)
      expect((await walls.pageList({}, 1, 10)).list).toEqual([keep])
    })

    it('what is no value is refused by the name of its column, and nothing is written', async () => {
      const bad = [
        {},
        { $ne: null },
        [[]],
        undefined,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        () => 1,
        Symbol('x'),
        new Date(Number.NaN),
        'a\0b',
      ]
      for (const value of bad) {
        for (const attempt of [
          () => walls.create(Object({ ...said('x'), say: value })),
          () => walls.find(Object({ say: value })),
          () => walls.update(Object({ say: value }), { code: 'A' }),
          () => walls.delete(Object({ say: value })),
        ]) {
          await expect(attempt()).rejects.toThrow(/^say is /)
          await expect(attempt()).rejects.toBeInstanceOf(TypeError)
        }
      }
      await expect(walls.create(Object({ ...said('x'), say: ['a'] }))).rejects.toThrow('say is a list')
      await expect(walls.find(Object({ say: ['a', null] }))).rejects.toThrow('say is a list with null in it')
      expect((await walls.pageList({}, 1, 10)).count).toBe(0)
    })

    it('update and delete want a where, and update something to change', async () => {
      await walls.create(said('keep'))
      await expect(walls.update({ status: 0 }, {})).rejects.toThrow('update wants a where')
      await expect(walls.delete({})).rejects.toThrow('delete wants a where')
      await expect(walls.update({}, { code: 'A' })).rejects.toThrow('nothing to change')
      expect((await walls.pageList({ status: 1 }, 1, 10)).count).toBe(1)
    })

    it('pageList gives the page in its order, and how many there are in all', async () => {
      const ids: number[] = []
      for (let n = 0; n < 25; n++) ids.push((await walls.create(said(String(n % 2), n === 3 ? 'B' : 'A'))).id)
      const mine = ids.filter((_, n) => n !== 3).reverse()
      const page = async (number: number, count: number) => {
        const { list, count: all } = await walls.pageList({ code: 'A', status: 1 }, number, count, { id: 'desc' })
        expect(all).toBe(24)
        return list.map(({ id }) => id)
      }
      expect(await page(1, 10)).toEqual(mine.slice(0, 10))
      expect(await page(3, 10)).toEqual(mine.slice(20))
      expect(await page(4, 10)).toEqual([])
      expect(await page(9_000_000_000, 1000)).toEqual([])
      // Of equals each comes once.
      const seen = [1, 2, 3, 4, 5].map((number) => walls.pageList({ code: 'A' }, number, 5, { say: 'desc' }))
      const all = (await Promise.all(seen)).flatMap(({ list }) => list)
      expect(all.map(({ say }) => say).join('')).toBe('1'.repeat(11) + '0'.repeat(13))
      expect(new Set(all.map(({ id }) => id)).size).toBe(24)
    })

    it('pageList refuses a page or a count that is none', async () => {
      for (const wrong of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, Object('1'), Object(undefined)]) {
        await expect(walls.pageList({}, wrong, 10)).rejects.toThrow(/^page is .*, it must be a whole number from 1 to/)
        await expect(walls.pageList({}, 1, wrong)).rejects.toThrow(
          /^count is .*, it must be a whole number from 1 to 1000/,
        )
      }
      await expect(walls.pageList({}, 1, 1001)).rejects.toBeInstanceOf(TypeError)
    })

    it('a transaction is there as a whole or not at all', async () => {
      const id = await walls.transaction(async (model) => {
        const row = await model.create(said('inside'))
        expect(await model.update({ status: 0 }, { id: row.id })).toBe(1)
        expect(await model.query().selectFrom(model.table).select('status').execute()).toEqual([{ status: 0 }])
        return row.id
      })
      expect((await walls.find({ id }))?.status).toBe(0)
      const failure = new Error('in the middle')
      const failing = walls.transaction(async (model) => {
        await model.create(said('never'))
        await model.delete({ id })
        throw failure
      })
      await expect(failing).rejects.toBe(failure)
      expect((await walls.pageList({}, 1, 10)).list.map(({ say }) => say)).toEqual(['inside'])
    })

    it('there is no transaction in a transaction, and after one that failed the next one works', async () => {
      const nested = walls.transaction((model) => model.transaction(async () => {}))
      await expect(nested).rejects.toThrow('there is no transaction in a transaction')
      await expect(walls.transaction((model) => model.find(Object({ nope: 1 })))).rejects.toThrow(/nope/)
      await walls.transaction((model) => model.create(said('after')))
      expect((await walls.pageList({}, 1, 10)).count).toBe(1)
    })

    it('of many who change the same row at once, one does', async () => {
      const { id } = await walls.create(said('once'))
      const tries = Array.from({ length: 20 }, () => walls.update({ status: 0 }, { id, status: 1 }))
      expect((await Promise.all(tries)).sort()).toEqual([...Array<number>(19).fill(0), 1])
    })

    it('transactions at once lose nothing', async () => {
      const { uid } = await things.create({ amount: 0 })
      const add = () =>
        things.transaction(async (model) => {
          // Locks the row, so that the others wait.
          await model.update({ flag: 1 }, { uid })
          const amount = Number((await model.find({ uid }))?.amount)
          await model.update({ amount: amount + 1 }, { uid })
        })
      await Promise.all(Array.from({ length: 10 }, add))
      expect((await things.find({ uid }))?.amount).toBe(10)
    })

    it('query is Kysely with the rows of this table', async () => {
      for (const say of ['a', 'b', 'b']) await walls.create(said(say))
      const counted = await walls
        .query()
        .selectFrom('live_wall_message as m')
        .select(({ fn }) => ['m.say', fn.countAll<number>().as('times')])
        .groupBy('m.say')
        .orderBy('m.say')
        .execute()
      expect(counted).toEqual([
        { say: 'a', times: 1 },
        { say: 'b', times: 2 },
      ])
      const { rows } = await DB.sql<{ n: number }>`select ${5} + 1 as n`.execute(walls.query())
      expect(Number(rows[0]?.n)).toBe(6)
    })
  })
}
