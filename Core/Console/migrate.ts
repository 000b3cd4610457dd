import type { Command } from 'commander'
import { DB } from '../../Library/DB/DB'
import { type MigrationState, migrate, migrateDown, migrationStates } from '../../Library/DB/Migrations'
import { log } from '../../Library/Log/Log'
import { readDb } from '../Project'
import { loadMigrations } from '../Worker/Sources'
import { presentProject } from './project'

interface MigrateOptions {
  readonly status?: boolean
  readonly down?: boolean
}

export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description(
      'bring the database of Config/db.ts to what dist/ wants: every App/<Module>/Migration/<name>.ts, by name',
    )
    .option('--status', 'change nothing, list what was done and what is pending')
    .option('--down', 'take the last one back')
    .addHelpText(
      'after',
      `
Works with the server running or stopped. Exit code 1 if one fails. The embedded SQLite is migrated by the server itself, too,
when it starts and when it reloads.`,
    )
    .action(run)
}

async function run({ status = false, down = false }: MigrateOptions): Promise<void> {
  const project = presentProject()
  log.level = 'silent' // that the database is away is the error of the command
  DB.configure(readDb(project, process.env))
  try {
    const migrations = loadMigrations(project.root)
    if (status) return print((await migrationStates(migrations)).map(describe), 'there are no migrations')
    if (down)
      return print(
        (await migrateDown(migrations)).map((name) => `taken back: ${name}`),
        'nothing to take back',
      )
    const done = await migrate(migrations, ({ name }) => console.log(`migrating ${name}`))
    console.log(done.length === 0 ? 'nothing to do' : `${done.length} done`)
  } finally {
    await DB.close()
  }
}

function describe({ name, doneAt, known }: MigrationState): string {
  if (doneAt === undefined) return `pending  ${name}`
  return `done     ${name}, ${doneAt.toISOString()}${known ? '' : ', by later code: this one has no such file'}`
}

function print(lines: readonly string[], nothing: string): void {
  for (const line of lines.length > 0 ? lines : [nothing]) console.log(line)
}
