import { type Generated, type Kysely, Model, type Page, type Selectable } from '../../Core/index'

// What is promised of models, for the compiler to hold. Nothing of this is ever run.

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <Claim extends true>(claim?: Claim) => claim

interface Message {
  id: Generated<number>
  code: string
  note: string | null
  status: Generated<number>
  create_time: number
  update_time: number
}

export class Messages extends Model<Message> {
  readonly table = 'message'

  /** Users write methods of their own. */
  async last(code: string) {
    const { list } = await this.pageList({ code, status: 1 }, 1, 1, { id: 'desc' })
    const counted = await this.query()
      .selectFrom('message')
      .select(({ fn }) => ['code', fn.countAll<number>().as('all')])
      .groupBy('code')
      .execute()
    holds<Same<typeof counted, { code: string; all: number }[]>>()
    // @ts-expect-error: there is no such column
    this.query().selectFrom('message').select('nope')
    return list[0]
  }
}

export class Elsewhere extends Model<{ key: string; value: Generated<number> }> {
  readonly table = 'elsewhere'
  override readonly connection = 'log'
  override readonly prefix = 'x_'
  override readonly pk = 'key'
  override readonly autoWriteTimestamp = false
}

export async function use(messages: Messages, elsewhere: Elsewhere) {
  const row = await messages.create({ code: 'A', note: null })
  holds<Same<typeof row, Selectable<Message>>>()
  holds<Same<(typeof row)['id'], number>>()
  await messages.create({ code: 'A', note: null, status: 0, create_time: 5 })
  // @ts-expect-error: code has no default
  await messages.create({ note: null })
  // @ts-expect-error: there is no such column
  await messages.create({ code: 'A', note: null, nope: 1 })
  // @ts-expect-error: a code is a text
  await messages.create({ code: 1, note: null })

  const found = await messages.find({ id: row.id, note: null, code: ['A', 'B'] })
  holds<Same<typeof found, Selectable<Message> | undefined>>()
  // @ts-expect-error: there is no such column
  await messages.find({ nope: 1 })
  // @ts-expect-error: an id is a number
  await messages.find({ id: '1' })
  // @ts-expect-error: a list holds values of the column
  await messages.find({ id: ['1'] })

  holds<Same<Awaited<ReturnType<Messages['update']>>, number>>()
  await messages.update({ status: 0 }, { id: row.id, code: 'A', status: 1 })
  // @ts-expect-error: there is no such column
  await messages.update({ nope: 0 }, { id: row.id })
  // @ts-expect-error: everything by mistake
  await messages.delete()

  const page = await messages.pageList({ code: 'A' }, 1, 10, { id: 'desc' })
  holds<Same<typeof page, Page<Message>>>()
  // @ts-expect-error: it is asc or desc
  await messages.pageList({}, 1, 10, { id: 'down' })
  // @ts-expect-error: a number
  await messages.pageList({}, '1', 10)

  // The model inside is of the same class, with its own methods.
  const last = await messages.transaction((model) => model.last('A'))
  holds<Same<typeof last, Selectable<Message> | undefined>>()
  holds<Same<ReturnType<Messages['query']>, Kysely<Record<string, Message>>>>()
  await elsewhere.create({ key: 'a' })
}
