import {
  type CompiledQuery,
  type DatabaseConnection,
  DummyDriver,
  Kysely,
  MssqlAdapter,
  MssqlIntrospector,
  MssqlQueryCompiler,
  type QueryResult,
} from 'kysely'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as wallMessage from '../../../App/Live/Migration/0001_wall_message'
import { WallMessages } from '../../../App/Live/Model/Wall'
import { DB } from '../../../Library/DB/DB'
import { schemaOf } from '../../../Library/DB/Schema'

// There is no SQL Server here: what would be sent to it is looked at.
const sent: string[] = []
let answer: object[] = []

class Connection implements DatabaseConnection {
  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    sent.push(`${sql} -- ${JSON.stringify(parameters)}`)
    const result: QueryResult<never> = Object({ rows: answer, numAffectedRows: 3n })
    return result
  }
  streamQuery(): never {
    throw new Error('nobody asks for it')
  }
}

class Recorder extends DummyDriver {
  override async acquireConnection(): Promise<DatabaseConnection> {
    return new Connection()
  }
  override async beginTransaction() {
    sent.push('begin')
  }
  override async commitTransaction() {
    sent.push('commit')
  }
}

const mssql = new Kysely<unknown>({
  dialect: {
    createDriver: () => new Recorder(),
    createAdapter: () => new MssqlAdapter(),
    createIntrospector: (db) => new MssqlIntrospector(db),
    createQueryCompiler: () => new MssqlQueryCompiler(),
  },
})

describe('SQL Server', () => {
  const walls = new WallMessages()

  beforeEach(() => {
    sent.length = 0
    answer = [{ id: 7 }]
    vi.useFakeTimers({ toFake: ['Date'], now: 1_700_000_000_000 })
    DB.configure({ master: { url: 'mssql://sa:secret@localhost/live', prefix: 'app_' } })
    vi.spyOn(DB, 'get').mockReturnValue(mssql)
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    vi.useRealTimers()
    await DB.close()
  })

  it('create reads the row with OUTPUT', async () => {
    expect(await walls.create({ code: 'A', nickname: 'n', say: "'; --", user_id: 'u' })).toEqual({ id: 7 })
    expect(sent).toEqual([
      'insert into "app_live_wall_message" ("create_time", "update_time", "code", "nickname", "say", "user_id") ' +
        `output "inserted".* values (@1, @2, @3, @4, @5, @6) -- [1700000000,1700000000,"A","n","'; --","u"]`,
    ])
  })

  it('update and delete', async () => {
    expect(await walls.update({ status: 0 }, { id: 7, code: ['A', 'B'] })).toBe(3)
    expect(await walls.delete({ code: [] })).toBe(3)
    expect(sent).toEqual([
      'update "app_live_wall_message" set "update_time" = @1, "status" = @2 where ("id" = @3 and "code" in (@4, @5)) ' +
        '-- [1700000000,0,7,"A","B"]',
      'delete from "app_live_wall_message" where 1 = 0 -- []',
    ])
  })

  it('find takes the TOP row, pageList a page with OFFSET and FETCH', async () => {
    await walls.find({ id: 7 })
    answer = [{ all: 3 }]
    expect((await walls.pageList({ code: 'A' }, 3, 10, { status: 'desc' })).count).toBe(3)
    expect(sent).toEqual([
      'select top(1) * from "app_live_wall_message" where "id" = @1 -- [7]',
      'select * from "app_live_wall_message" where "code" = @1 order by "status" desc, "id" asc offset @2 rows fetch next @3 rows only ' +
        '-- ["A",20,10]',
      'select count(*) as "all" from "app_live_wall_message" where "code" = @1 -- ["A"]',
    ])
  })

  it('transaction and query', async () => {
    await walls.transaction((model) => model.query().selectFrom('live_wall_message').select('say').execute())
    expect(sent).toEqual(['begin', 'select "say" from "app_live_wall_message" -- []', 'commit'])
  })

  it('migrations make texts that hold any letter, and an id that counts', async () => {
    const schema = schemaOf(mssql, 'mssql', 'app_')
    await wallMessage.up(schema)
    await wallMessage.down(schema)
    expect(sent).toEqual([
      'create table "app_live_wall_message" ("id" integer identity primary key, "code" nvarchar(64) not null, ' +
        '"nickname" nvarchar(255) not null, "say" nvarchar(max) not null, "user_id" nvarchar(255) not null, ' +
        '"status" integer default 1 not null, "create_time" bigint not null, "update_time" bigint not null) -- []',
      'create index "app_live_wall_message_code" on "app_live_wall_message" ("code") -- []',
      'drop table "app_live_wall_message" -- []',
    ])
  })

  it('without its driver says what to install', () => {
    vi.restoreAllMocks()
    expect(() => DB.get()).toThrow('npm install tedious tarn')
  })
})
