import { DB } from '../../../Library/DB/DB'

/** A process that says how many rows a table has, and closes the database. */
async function main(url = '', table = ''): Promise<void> {
  DB.configure({ master: { url } })
  const counted = DB.sql<{ n: number }>`select count(*) as n from ${DB.sql.table(table)}`
  const { rows } = await counted.execute(DB.get())
  await DB.close()
  process.stdout.write(String(rows[0]?.n))
}

main(process.argv[2], process.argv[3])
