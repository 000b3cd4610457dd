import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { WallMessages } from '../../../App/Live/Model/Wall'
import { DB, isDatabaseAway } from '../../../Library/DB/DB'
import { QUERY_MS } from '../../../Library/DB/Driver'
import { migrate } from '../../../Library/DB/Migrations'
import { log } from '../../../Library/Log/Log'
import { DATABASES, type DatabaseServer } from '../../support/databases'
import { eventually } from '../../support/eventually'
import { MIGRATIONS } from '../Model/things'

/** An action must be answered by then, in milliseconds. */
const ACTION_MS = 10_000

const lines: { level: 'error' | 'info'; fields: unknown; text: unknown }[] = []
const row = { code: 'A', nickname: 'n', say: 's', user_id: 'u' }

const crowdOf = (name: string) => `crowd of ${name}`

/** A promise, and what resolves it. */
function gate(): [Promise<void>, () => void] {
  let open = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return [passed, () => open()]
}

/** @returns the error, and how long it took in milliseconds */
async function failure(work: Promise<unknown>): Promise<{ error: unknown; ms: number }> {
  const began = performance.now()
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return { error, ms: performance.now() - began }
}

// Both servers are away at the same time, so that the waiting is done once.
describe.skipIf(DATABASES.length === 0)(`away and back: ${DATABASES.map(({ name }) => name).join(', ')}`, () => {
  let servers: (DatabaseServer & { readonly name: string; readonly walls: WallMessages })[] = []

  beforeAll(async () => {
    servers = await Promise.all(
      DATABASES.map(async ({ name, start }) => {
        const server = await start()
        class Walls extends WallMessages {
          override readonly connection = name
        }
        return Object.assign(server, { name, walls: new Walls() })
      }),
    )
    for (const { url } of servers) {
      DB.configure({ master: { url } })
      await migrate(MIGRATIONS)
      await DB.close()
    }
  })
  afterAll(async () => {
    await DB.close()
    await Promise.all(servers.map((server) => server.stop()))
  })
  beforeEach(async () => {
    vi.restoreAllMocks()
    lines.length = 0
    for (const level of ['error', 'info'] as const) {
      vi.spyOn(log, level).mockImplementation(
        (fields: unknown, text?: unknown) => void lines.push({ level, fields, text }),
      )
    }
    await DB.close()
    // Two connections each, so that few calls use all of them.
    const connections = servers.flatMap(({ name, url }) => [
      [name, { url: `${url}?pool=2` }],
      [crowdOf(name), { url: `${url}?pool=100` }],
    ])
    DB.configure(Object.fromEntries(connections))
  })

  const each = (work: (server: (typeof servers)[number]) => Promise<void>) => Promise.all(servers.map(work))
  const logged = (name: string) =>
    lines.filter(({ fields }) => Object(fields).database === name).map(({ level, text }) => `${level}: ${text}`)

  it('killed: an error at once, one line in the log, and it is used again when it is back', () =>
    each(async (server) => {
      const { walls, name } = server
      await walls.create(row)
      await server.kill('SIGKILL')
      for (let call = 0; call < 5; call++) {
        const { error, ms } = await failure(walls.create(row))
        expect(isDatabaseAway(error)).toBe(true)
        expect(ms).toBeLessThan(ACTION_MS)
      }
      expect(logged(name)).toEqual(['error: a database is away'])
      await server.restart()
      await eventually(async () => void (await walls.create(row)))
      expect(logged(name)).toEqual(['error: a database is away', 'info: a database is back'])
    }))

  it('killed inside of a transaction: the error says so, and nothing of it is there', () =>
    each(async (server) => {
      const { walls } = server
      const before = await walls.pageList({}, 1, 1)
      const { error } = await failure(
        walls.transaction(async (model) => {
          await model.create(row)
          await server.restart()
          await model.create(row)
        }),
      )
      expect(isDatabaseAway(error)).toBe(true)
      await eventually(async () => expect((await walls.pageList({}, 1, 1)).count).toBe(before.count))
    }))

  it('silent: a statement ends after 5 s, a connection after 2 s, however many want one; then it works again', () =>
    each(async (server) => {
      const { walls, name } = server
      await Promise.all([walls.create(row), walls.create(row)])
      await server.kill('SIGSTOP')
      const calls = Array.from({ length: 400 }, () => failure(walls.create(row)))
      for (const { error, ms } of await Promise.all(calls)) {
        expect(isDatabaseAway(error)).toBe(true)
        expect(ms).toBeLessThan(ACTION_MS)
      }
      // Those that had a connection have lost it, new ones do not come.
      const { error, ms } = await failure(walls.create(row))
      expect([isDatabaseAway(error), ms < QUERY_MS]).toEqual([true, true])
      expect(logged(name)).toEqual(['error: a database is away'])
      await server.kill('SIGCONT')
      await eventually(async () => void (await walls.create(row)))
      expect(logged(name)).toEqual(['error: a database is away', 'info: a database is back'])
    }))

  it('busy: who gets no connection is told within 2 s, too many at once, and nothing is logged as away', () =>
    each(async ({ walls, name }) => {
      const [held, free] = gate()
      const holding = [1, 2].map(() => walls.transaction(() => held))
      const calls = await Promise.all(Array.from({ length: 300 }, () => failure(walls.create(row))))
      free()
      await Promise.all(holding)
      expect(calls.every(({ error, ms }) => isDatabaseAway(error) && ms < QUERY_MS)).toBe(true)
      const texts = new Set(calls.map(({ error }) => String(error)))
      expect([...texts].sort()).toEqual([
        'DatabaseAway: 256 others wait for a connection already',
        'DatabaseAway: there was no connection within 2000 ms: 2 of 2 are in use',
      ])
      await walls.create(row)
      expect(logged(name)).toEqual([])
    }))

  it('full: that others have all of its connections is an outage', () =>
    each(async ({ walls, name }) => {
      const [held, free] = gate()
      const crowd = Array.from({ length: 50 }, () => {
        const [placed, place] = gate()
        const holding = DB.get(crowdOf(name))
          .connection()
          .execute(() => {
            place()
            return held
          })
        return { placed, ended: failure(holding).finally(place) }
      })
      // All of them have a connection or none: whoever came before would keep his.
      await Promise.all(crowd.map(({ placed }) => placed))
      expect(isDatabaseAway((await failure(walls.create(row))).error)).toBe(true)
      expect(logged(name)).toEqual(['error: a database is away'])
      free()
      await Promise.all(crowd.map(({ ended }) => ended))
      // The pool of the others keeps what it has: another machine's would, too.
      const { rows } = await DB.sql<{ one: number }>`select 1 as one`.execute(DB.get(crowdOf(name)))
      expect(Number(rows[0]?.one)).toBe(1)
    }))

  it('a wrong password is an outage that says so, without the password', () =>
    each(async ({ url, name }) => {
      if (name !== 'MariaDB') return
      await DB.close()
      DB.configure({ master: { url: url.replace('root@', 'root:S3cr3t@') } })
      const { error } = await failure(new WallMessages().find({ id: 1 }))
      expect(isDatabaseAway(error)).toBe(true)
      expect(String(error)).toContain('Access denied')
      expect(JSON.stringify([lines, String(error)])).not.toContain('S3cr3t')
    }))
})
