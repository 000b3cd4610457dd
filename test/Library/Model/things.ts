import * as wallMessage from '../../../App/Live/Migration/0001_wall_message'
import type { Generated, Schema } from '../../../Core/index'
import { Model } from '../../../Core/index'
import type { NamedMigration } from '../../../Library/DB/Migrations'

/** A table with a column of every kind. */
export interface Thing {
  uid: Generated<number>
  name: string | null
  amount: number | bigint | null
  ratio: number | null
  flag: number | boolean | null
  bytes: Buffer | null
}

export class Things extends Model<Thing> {
  readonly table = 'things'
  override readonly pk = 'uid'
  override readonly autoWriteTimestamp = false
}

async function up({ db, createTable, string }: Schema) {
  const isPostgres = db.getExecutor().adapter.constructor.name === 'PostgresAdapter'
  await createTable('things', 'uid')
    .addColumn('name', string(1000))
    .addColumn('amount', 'bigint')
    .addColumn('ratio', 'double precision')
    .addColumn('flag', 'integer')
    .addColumn('bytes', isPostgres ? 'bytea' : 'blob')
    .execute()
}

export const MIGRATIONS: readonly NamedMigration[] = [
  { name: 'Live/0001_wall_message', file: 'App/Live/Migration/0001_wall_message.ts', migration: wallMessage },
  { name: 'Test/0001_things', file: 'test/Library/Model/things.ts', migration: { up } },
]
