import { DB } from '../../../Library/DB/DB'
import { migrate } from '../../../Library/DB/Migrations'
import type { Schema } from '../../../Library/DB/Schema'

/** A process that migrates a SQLite file, when it is told to. */
async function main(url = ''): Promise<void> {
  DB.configure({ master: { url } })
  const migrations = [1, 2, 3, 4, 5].map((n) => ({
    name: `Race/000${n}`,
    file: `Race/${n}.ts`,
    migration: { up: ({ createTable }: Schema) => createTable(`race_${n}`).execute() },
  }))
  await new Promise((resolve) => {
    process.once('message', resolve)
    process.send?.('ready')
  })
  const done = await migrate(migrations)
  await DB.close()
  process.send?.(done, undefined, undefined, () => process.exit(0))
}

main(process.argv[2])
