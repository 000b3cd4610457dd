import type { Schema } from 'mswoole-ts'

/** What the walls have broadcast. */
export async function up({ db, table, createTable, string, text }: Schema) {
  const name = table('live_wall_message')
  await createTable('live_wall_message')
    .addColumn('code', string(64), (column) => column.notNull())
    .addColumn('nickname', string(255), (column) => column.notNull())
    .addColumn('say', text, (column) => column.notNull())
    .addColumn('user_id', string(255), (column) => column.notNull())
    .addColumn('status', 'integer', (column) => column.notNull().defaultTo(1))
    .addColumn('create_time', 'bigint', (column) => column.notNull())
    .addColumn('update_time', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema.createIndex(`${name}_code`).on(name).column('code').execute()
}

export async function down({ db, table }: Schema) {
  await db.schema.dropTable(table('live_wall_message')).execute()
}
