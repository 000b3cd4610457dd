import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { Client } from '../../support/client'
import { DATABASES } from '../../support/databases'
import { eventually } from '../../support/eventually'
import { runConsole } from '../../support/program'
import { Server } from '../../support/server'
import { Project, reload } from '../Reload/project'

const MIGRATION = 'App/Notes/Migration'
const made: { stop(): unknown }[] = []
afterEach(async () => {
  for (const one of made.splice(0).reverse()) await one.stop()
})

/** A project whose action writes down a note, and says how many there are. */
function project(options: ConstructorParameters<typeof Project>[0] = {}): Project {
  const created = new Project(options)
  made.push({ stop: () => created.delete() })
  created.controller('Notes', {
    load: `const { Model } = require('mswoole-ts')
class Table extends Model { table = 'notes'; autoWriteTimestamp = false }
const notes = new Table()`,
    members: `
  async add(app, data) {
    const note = await notes.create({ text: data.text })
    const { count } = await notes.pageList({}, 1, 1)
    app.sendSuccessMessage(data.fd, 'added', 'ok', { note, count })
  }`,
    actions: ['add'],
  })
  migration(created, '0001_notes', `createTable('notes').addColumn('text', string(100)).execute()`)
  return created
}

function migration(to: Project, name: string, work: string): void {
  to.write(`${MIGRATION}/${name}.js`, `exports.up = async ({ db, table, createTable, string }) => { await ${work} }\n`)
}

async function start(of: Project, env: Record<string, string> = {}): Promise<Server> {
  const server = await Server.start({ folder: of.folder, env })
  made.push(server)
  return server
}

async function add(server: Server, text: string) {
  const client = await Client.connect(server.url())
  const reply = await client.call('notes.notes.add', { text })
  await client.close()
  return reply
}

const consoleOf = (of: Project, server: { runtime: string }, env: Record<string, string> = {}) => {
  return (...args: string[]) => runConsole(args, { cwd: of.folder, env: { APP_RUNTIME: server.runtime, ...env } })
}

describe('the embedded SQLite', { timeout: 300_000 }, () => {
  it('is migrated when workers start and when code is reloaded; a migration that fails refuses the reload', async () => {
    const own = project()
    const server = await start(own)
    expect(await add(server, 'a')).toMatchObject({ param: { note: { id: 1, text: 'a' }, count: 1 } })
    expect(statSync(join(server.runtime, 'data.sqlite')).mode & 0o777).toBe(0o600)

    migration(own, '0002_when', `db.schema.alterTable(table('notes')).addColumn('at', 'integer').execute()`)
    await reload(server)
    expect(await add(server, 'b')).toMatchObject({ param: { note: { id: 2, at: null }, count: 2 } })
    expect(server.log.all.filter(({ msg }) => msg === 'migrated').map((line) => line.migration)).toEqual([
      'Notes/0001_notes',
      'Notes/0002_when',
    ])

    migration(own, '0003_bad', `db.schema.dropTable(table('notes')).execute(); throw new Error('no such luck')`)
    const refused = await consoleOf(own, server)('reload')
    await server.logged(({ msg }) => msg.startsWith('reload failed'))
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('App/Notes/Migration/0003_bad.ts failed: no such luck (nothing has changed)')
    expect(await add(server, 'c')).toMatchObject({ param: { note: { id: 3 }, count: 3 } })

    // Code that is older than its database.
    own.remove(`${MIGRATION}/0003_bad.js`)
    own.remove(`${MIGRATION}/0002_when.js`)
    await reload(server)
    expect(await add(server, 'd')).toMatchObject({ param: { note: { id: 4 }, count: 4 } })
  })

  it('is migrated in base mode as well; a migration that fails stops the start with its name', async () => {
    const own = project({ setting: { mode: 'base' } })
    const server = await start(own)
    expect(await add(server, 'a')).toMatchObject({ param: { count: 1 } })
    migration(own, '0002_bad', `Promise.reject(new Error('no such luck'))`)
    const failed = await Server.fail({ folder: own.folder })
    expect(failed.code).toBe(1)
    expect(failed.output).toContain('App/Notes/Migration/0002_bad.ts failed: no such luck')
  })

  it('is not there when nobody wants it; a Config/db.ts that cannot be stops the start, and a reload', async () => {
    const own = project()
    own.remove('App/Notes')
    const server = await start(own)
    expect(existsSync(join(server.runtime, 'data.sqlite'))).toBe(false)
    own.write('Config/db.js', `exports.default = { master: { url: 'mysql://root:S3cr3t@/x' } }`)
    const refused = await consoleOf(own, server)('reload')
    await server.logged(({ msg }) => msg.startsWith('reload failed'))
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('Config/db.ts: db.master.url: it must be'),
    ])
    const failed = await Server.fail({ folder: own.folder })
    expect(failed.output).toContain('Config/db.ts: db.master.url: it must be')
    expect(failed.output + refused.stderr).not.toContain('S3cr3t')
    own.write('Config/db.js', `exports.default = { master: { url: 'sqlite:own.sqlite' } }`)
    migration(own, '0001_notes', `createTable('notes').execute()`)
    await reload(server)
    expect(existsSync(join(own.folder, 'own.sqlite'))).toBe(true)
  })
})

// One stands for all: what differs between them is tested with Library/DB.
describe.each(DATABASES.slice(0, 1))('$name', { timeout: 300_000 }, ({ start: open }) => {
  it('is migrated by the console; while it is away its actions are answered 503, and when it is back they work', async () => {
    const database = await open()
    made.push(database)
    const own = project({ setting: { worker_num: 1 } })
    const env = { DB_URL: database.url }
    const server = await start(own, env)
    const { migrations } = await server.logged(
      ({ msg }) => msg === 'the database lacks migrations; run: console migrate',
    )
    expect(migrations).toEqual(['Notes/0001_notes'])
    expect(await add(server, 'a')).toMatchObject({ status: 500 })

    const command = consoleOf(own, server, env)
    expect((await command('doctor')).stdout).toContain('bad   database it lacks migrations: Notes/0001_notes; console')
    expect(await command('migrate', '--status')).toMatchObject({ code: 0, stdout: 'pending  Notes/0001_notes' })
    expect(await command('migrate')).toMatchObject({ code: 0, stdout: 'migrating Notes/0001_notes\n1 done' })
    expect((await command('migrate', '--status')).stdout).toMatch(/^done {5}Notes\/0001_notes, 2/)
    expect(await add(server, 'a')).toMatchObject({ param: { note: { id: 1 }, count: 1 } })

    migration(own, '0002_bad', `db.schema.dropTable('there_is_none').execute()`)
    const failed = await command('migrate')
    expect([failed.code, failed.stderr]).toEqual([
      1,
      expect.stringContaining('App/Notes/Migration/0002_bad.ts failed:'),
    ])
    await reload(server)

    await database.kill('SIGKILL')
    expect(await add(server, 'b')).toMatchObject({ status: 503, event: 'serviceUnavailable' })
    expect((await command('migrate')).code).toBe(1)
    expect((await command('doctor')).stdout).toContain('bad   database master: the database could not be reached')
    expect(
      server.log.all.some(({ msg }) => msg === 'an action could not reach its database and was answered 503'),
    ).toBe(true)
    await reload(server) // new code needs no database to start
    await database.restart()
    await eventually(async () => expect(await add(server, 'c')).toMatchObject({ status: 200, event: 'added' }))
  })
})
