import type { Kysely, MigrationProvider } from 'kysely'
import { DB } from './DB'
import { kysely } from './kysely'
import type { Patience } from './Open'
import { type Migration, schemaOf } from './Schema'

/** A migration of this code. */
export interface NamedMigration {
  /** `<Module>/<name>` */
  readonly name: string
  /** For people. */
  readonly file: string
  readonly migration: Migration
}

export interface MigrationState {
  readonly name: string
  /** undefined: it is pending. */
  readonly doneAt: Date | undefined
  /** false: the database has it, and this code does not know it: the code is older. */
  readonly known: boolean
}

/** A migration did not work; the message names its file. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

/** An index over a large table takes its time, and another process may be migrating as well. */
const PATIENCE: Patience = { queryMs: 0, busyMs: 25_000 }

/** The names of the tables in which Kysely keeps what was done. */
const tablesOf = (prefix: string) => ({
  migrationTableName: `${prefix}kysely_migration`,
  migrationLockTableName: `${prefix}kysely_migration_lock`,
})

type Done = { name: string; timestamp: string }

/** All migrations by name, those of the code and those that the database knows. Only reads. @throws DatabaseAway */
export async function migrationStates(migrations: readonly NamedMigration[]): Promise<MigrationState[]> {
  const done = new Map((await doneIn(DB.get())).map(({ name, timestamp }) => [name, new Date(timestamp)]))
  const own = new Set(migrations.map(({ name }) => name))
  return [...new Set([...own, ...done.keys()])]
    .sort()
    .map((name) => ({ name, doneAt: done.get(name), known: own.has(name) }))
}

/** The names of those that the database lacks. Only reads. @throws DatabaseAway */
export async function pendingMigrations(migrations: readonly NamedMigration[]): Promise<string[]> {
  const states = await migrationStates(migrations)
  return states.filter(({ doneAt }) => doneAt === undefined).map(({ name }) => name)
}

/**
 * Does what is pending, in the order of the names. On SQLite all or nothing, whoever else does the same at that moment; on PostgreSQL and
 * SQL Server all or nothing; MySQL keeps what was done before one failed, and of that one what its statements had done.
 * @param begins told of each before it is done
 * @returns the names of those that were done
 * @throws MigrationError, DatabaseAway
 */
export function migrate(
  migrations: readonly NamedMigration[],
  begins: (migration: NamedMigration) => void = () => {},
): Promise<string[]> {
  return change(migrations, 'migrateToLatest', begins)
}

/** Takes the last one back. @returns its name; none: nothing was done @throws MigrationError, DatabaseAway */
export async function migrateDown(migrations: readonly NamedMigration[]): Promise<string[]> {
  return await change(migrations, 'migrateDown', () => {})
}

async function change(
  migrations: readonly NamedMigration[],
  what: 'migrateToLatest' | 'migrateDown',
  begins: (migration: NamedMigration) => void,
): Promise<string[]> {
  const prefix = DB.prefix()
  const { Migrator } = kysely()
  const run = async (db: Kysely<unknown>): Promise<string[]> => {
    const all = { ...(await foreign(db)), ...own(migrations, begins) }
    const provider: MigrationProvider = { getMigrations: async () => all }
    const migrator = new Migrator({ db, provider, allowUnorderedMigrations: true, ...tablesOf(prefix) })
    const { error, results = [] } = await migrator[what]()
    if (error === undefined) return results.map(({ migrationName }) => migrationName)
    const failed = results.find(({ status }) => status === 'Error')?.migrationName
    const file = migrations.find(({ name }) => name === failed)?.file
    if (file === undefined) throw error
    const rest =
      DB.dialect() === 'mysql'
        ? 'those before it are done, and of it what its statements had done'
        : 'nothing has changed'
    throw new MigrationError(`${file} failed: ${error instanceof Error ? error.message : error} (${rest})`, {
      cause: error,
    })
  }
  return await DB.apart('master', PATIENCE, (db) => (DB.dialect() === 'sqlite' ? alone(db, run) : run(db)))
}

/** SQLite's statements that change tables can be taken back, too; nobody else writes meanwhile. */
function alone<Result>(db: Kysely<unknown>, work: (db: Kysely<unknown>) => Promise<Result>): Promise<Result> {
  return db.connection().execute(async (one) => {
    await DB.sql`begin immediate`.execute(one)
    try {
      const result = await work(one)
      await DB.sql`commit`.execute(one)
      return result
    } catch (error) {
      await DB.sql`rollback`.execute(one).catch(() => {}) // it has ended with its connection; what ended it is the error
      throw error
    }
  })
}

function own(migrations: readonly NamedMigration[], begins: (migration: NamedMigration) => void) {
  const dialect = DB.dialect()
  const prefix = DB.prefix()
  const wrapped = migrations.map((named) => {
    const { up, down } = named.migration
    const forth = async (db: Kysely<unknown>) => {
      begins(named)
      await up(schemaOf(db, dialect, prefix))
    }
    const back = async (db: Kysely<unknown>) => {
      if (down === undefined) throw new MigrationError('it exports no function down')
      await down(schemaOf(db, dialect, prefix))
    }
    return [named.name, { up: forth, down: back }] as const
  })
  return Object.fromEntries(wrapped)
}

/** Those that the database knows, so that Kysely does not take the ones of later code for lost. */
async function foreign(db: Kysely<unknown>) {
  return Object.fromEntries((await doneIn(db)).map(({ name }) => [name, { up: unknown, down: unknown }] as const))
}

async function unknown(): Promise<never> {
  throw new MigrationError(
    'the last migration of the database is not one of this code; take it back with the code that has it',
  )
}

async function doneIn(db: Kysely<unknown>): Promise<Done[]> {
  const { migrationTableName } = tablesOf(DB.prefix())
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === migrationTableName)) return []
  return await db
    .withTables<Record<string, Done>>()
    .selectFrom(migrationTableName)
    .select(['name', 'timestamp'])
    .execute()
}
