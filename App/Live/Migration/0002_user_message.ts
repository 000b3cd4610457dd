import type { Schema } from 'mswoole-ts'

/** What phones have said, and who has decided about it. */
export async function up({ db, table, createTable, string, text }: Schema) {
  const name = table('live_user_message')
  await createTable('live_user_message')
    .addColumn('message_id', string(32), (column) => column.notNull())
    .addColumn('code', string(64), (column) => column.notNull())
    .addColumn('nickname', string(255), (column) => column.notNull())
    .addColumn('say', text, (column) => column.notNull())
    .addColumn('user_id', string(255), (column) => column.notNull())
    .addColumn('status', 'integer', (column) => column.notNull())
    .addColumn('say_time', 'bigint', (column) => column.notNull())
    .addColumn('check_user_id', string(255), (column) => column.notNull())
    .addColumn('check_time', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema.createIndex(`${name}_code`).on(name).column('code').execute()
}

export async function down({ db, table }: Schema) {
  await db.schema.dropTable(table('live_user_message')).execute()
}
