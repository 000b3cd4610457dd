import { DB } from '../../Library/DB/DB'
import { migrate, type NamedMigration, pendingMigrations } from '../../Library/DB/Migrations'
import { log } from '../../Library/Log/Log'

/**
 * Sees to it that the tables are there which this code wants: a SQLite is migrated, of a server is told what it lacks.
 * @param loads told of each migration before it is done
 * @throws MigrationError, DatabaseAway for a SQLite
 */
export async function prepareDatabase(
  migrations: readonly NamedMigration[],
  loads: (file: string) => void = () => {},
): Promise<void> {
  if (migrations.length === 0) return
  if (DB.dialect() !== 'sqlite') return await tellPending(migrations)
  if ((await pendingMigrations(migrations)).length === 0) return // most starts need not wait for those who write
  for (const name of await migrate(migrations, ({ file }) => loads(file))) log.info({ migration: name }, 'migrated')
}

async function tellPending(migrations: readonly NamedMigration[]): Promise<void> {
  try {
    const names = await pendingMigrations(migrations)
    if (names.length > 0) log.warn({ migrations: names }, 'the database lacks migrations; run: console migrate')
  } catch (error) {
    log.warn({ reason: String(error) }, 'the database cannot be looked at; the worker starts without it')
  }
}
