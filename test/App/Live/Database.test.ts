import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Client, phone, wall } from '../../support/client'
import { type DatabaseServer, startMariaDb, startPostgres } from '../../support/databases'
import { eventually } from '../../support/eventually'
import { CONSOLE, Program } from '../../support/program'
import { findMariaDb, findPostgres } from '../../support/programs'
import { Server } from '../../support/server'

const AWAY = { status: 501, event: 'insertDbError', info: '保存数据至数据库失败' }

describe.each([
  { name: 'MariaDB', there: findMariaDb() !== undefined, start: startMariaDb },
  { name: 'PostgreSQL', there: findPostgres() !== undefined, start: startPostgres },
])('the wall with $name', ({ there, start }) => {
  describe.skipIf(!there)('as the server has it', () => {
    let database: DatabaseServer
    let server: Server
    beforeAll(async () => {
      database = await start()
      const env = { DB_URL: database.url }
      const migrate = new Program(process.execPath, [CONSOLE, 'migrate'], { env })
      expect(await migrate.ended, migrate.stderr.join('\n')).toMatchObject({ code: 0 })
      server = await Server.start({ env: { ...env, APP_WORKERS: '2' } })
    })
    afterAll(async () => {
      await server?.stop()
      await database?.stop()
    })

    const clients: Client[] = []
    afterEach(() => Promise.all(clients.splice(0).map((client) => client.close())))
    async function joined(kind: 'user' | 'wall', code: string, nickname = 'n'): Promise<Client> {
      const user = kind === 'user' ? phone('1', code) : wall('2', code)
      const client = await Client.connect(server.url(), { ...user, nickname })
      clients.push(client)
      expect(await client.call(`live.${kind}.join`)).toMatchObject({ status: 200 })
      return client
    }

    test.each(['SIGKILL', 'SIGSTOP'] as const)(
      'away (%s): a broadcast is refused, and goes to nobody; review goes on; back: it works again by itself',
      async (signal) => {
        const code = `A${signal}`
        const [user, screen] = [await joined('user', code), await joined('wall', code)]
        expect(await screen.call('live.wall.say', { say: 'before' })).toMatchObject({ event: 'wallSaySuccess' })
        await user.next('wallSayBroadcast')

        await database.kill(signal)
        expect(await screen.call('live.wall.say', { say: 'meanwhile' })).toMatchObject(AWAY)
        const { param: id } = await user.call('live.user.say', { say: 'may I?' })
        expect(await screen.call('live.wall.check', { id, status: 1 })).toMatchObject({ event: 'wallCheckSuccess' })
        await user.next('userSayBroadcast')
        // What could not be put on record stands in the log, whole.
        const lost = await server.logged(({ msg }) => msg === 'the record of checked messages failed')
        expect(lost.rows).toMatchObject([{ message_id: id, say: 'may I?', status: 1, check_user_id: '2' }])

        if (signal === 'SIGSTOP') await database.kill('SIGCONT')
        else await database.restart()
        await eventually(async () => {
          expect(await screen.call('live.wall.say', { say: 'after' })).toMatchObject({ event: 'wallSaySuccess' })
        }, 60_000)
        await user.next('wallSayBroadcast')
        expect(user.texts.filter((text) => text.includes('meanwhile'))).toEqual([])
      },
      240_000,
    )

    test('nothing that anybody says, is called, or is in, is taken for SQL', async () => {
      const hostile = `'); DROP TABLE live_wall_message; -- " \\`
      const [user, screen] = [await joined('user', hostile, hostile), await joined('wall', hostile, hostile)]
      const escaped = hostile.replace(/'/g, '&#039;').replace('"', '&quot;')
      const said = await screen.call('live.wall.say', { say: hostile })
      expect(said).toMatchObject({ param: { say: escaped, nickname: escaped, code: escaped } })
      const { param: id } = await user.call('live.user.say', { say: hostile })
      expect(await screen.call('live.wall.check', { id, status: 1 })).toMatchObject({ status: 200 })
      expect(await screen.call('live.wall.check', { id: hostile, status: hostile })).toMatchObject({ status: 403 })
      const refused = [
        ['recall', { id: `1 OR 1=1` }],
        ['history', { type: 'wall', page: hostile }],
        ['history', { type: 'wall', count: `1; ${hostile}` }],
      ] as const
      for (const [action, data] of refused) {
        expect(await screen.call(`live.wall.${action}`, data)).toMatchObject({ status: 400, event: 'invalidParam' })
      }
      expect(await screen.call('live.wall.history', { type: hostile })).toMatchObject({ event: 'typeError' })
      const { list, count } = Object((await screen.call('live.wall.history', { type: 'wall' })).param)
      expect({ count, say: list[0].say }).toEqual({ count: 1, say: escaped })
      expect(await screen.call('live.wall.recall', { id: list[0].id })).toMatchObject({ event: 'wallRecallSuccess' })
    })
  })
})
