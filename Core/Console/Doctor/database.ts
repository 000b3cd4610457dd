import { existsSync } from 'node:fs'
import { DB } from '../../../Library/DB/DB'
import { MEMORY, parseDsn } from '../../../Library/DB/Dsn'
import { pendingMigrations } from '../../../Library/DB/Migrations'
import { type Project, readDb } from '../../Project'
import { loadMigrations } from '../../Worker/Sources'
import { bad, type Finding, good, note } from './Finding'

/** Whether the databases of Config/db.ts can be reached, and have what the code wants. */
export async function checkDatabases(project: Project): Promise<Finding[]> {
  try {
    const databases = readDb(project, process.env)
    DB.configure(databases)
    const servers = Object.keys(databases).filter((name) => DB.dialect(name) !== 'sqlite')
    const reached = await Promise.all(servers.map(checkServer))
    const away = reached.some(({ state }) => state === 'bad') || isMissing(databases.master?.url ?? MEMORY)
    return [...reached, ...(away ? [] : await checkMigrations(project))]
  } catch (error) {
    return [bad('database', error instanceof Error ? error.message : String(error))]
  } finally {
    await DB.close()
  }
}

/** A file that is not there yet: looking into it would make it. */
function isMissing(url: string): boolean {
  const dsn = parseDsn(url)
  return dsn.dialect === 'sqlite' && !existsSync(dsn.file)
}

async function checkServer(name: string): Promise<Finding> {
  const began = performance.now()
  try {
    await DB.sql`select 1`.execute(DB.get(name))
    return good('database', `${name} answers, connecting included, in ${Math.round(performance.now() - began)} ms`)
  } catch (error) {
    return bad('database', `${name}: ${error instanceof Error ? error.message : error}`)
  }
}

async function checkMigrations({ root }: Project): Promise<Finding[]> {
  const migrations = loadMigrations(root)
  if (migrations.length === 0) return []
  const pending = await pendingMigrations(migrations)
  if (pending.length === 0) return [good('database', 'every migration was done')]
  const names = pending.join(', ')
  if (DB.dialect() === 'sqlite') return [note('database', `the server will migrate when it starts: ${names}`)]
  return [bad('database', `it lacks migrations: ${names}; console migrate does them`)]
}
