import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { MODES } from '../../support/modes'
import type { Server } from '../../support/server'
import { does, eventsOf, fdOf, startLife } from './life'

describe.each(MODES)('writes to the record, %s mode', (mode) => {
  let server: Server
  let store: Redis
  let client: Client
  let fd: number
  beforeAll(async () => {
    server = await startLife(mode)
    store = server.store()
    client = await Client.connect(server.url())
    fd = await fdOf(client)
  })
  afterAll(async () => {
    await client.close()
    store.disconnect()
    await server.stop()
  })

  test('a join that the action did not await is done before its next message', async () => {
    for (let n = 0; n < 50; n++) {
      client.send({ method: 'life.kit.forget', verb: 'fdJoin', args: [fd, `NEXT_${n}`] })
      expect(await does(client, 'groupMembers', `NEXT_${n}`)).toEqual([fd])
    }
  })

  test('also when the action fails', async () => {
    for (let n = 0; n < 50; n++) {
      client.send({ method: 'life.kit.forgetAndFail', verb: 'fdJoin', args: [fd, `FAIL_${n}`] })
      expect(await does(client, 'groupMembers', `FAIL_${n}`)).toEqual([fd])
    }
    expect(eventsOf(client).filter((event) => event === 'controllerError')).toHaveLength(50)
  })

  test('who joins and leaves in one breath is no member', async () => {
    await does(client, 'joinThenLeave', fd, 'BREATH')
    expect(await does(client, 'groupMembers', 'BREATH')).toEqual([])
    expect(await store.sismember(`WEBSOCKET_FdCloseSetKey_${fd}`, 'BREATH')).toBe(0)
    const member = await Client.connect(server.url(), phone('2'))
    await does(member, 'fdJoin', await fdOf(member), 'BREATH')
    await does(member, 'to', 'BREATH', 'to members only')
    await member.next('sent')
    expect(eventsOf(client)).not.toContain('sent')
    await member.close()
  })

  test.each(['fdJoin', 'fdLeave', 'fdAddCloseKey', 'fdRemoveCloseKey', 'fdAddController', 'fdRemoveController'])(
    '%s says false of a closed connection, and writes nothing',
    async (verb) => {
      const gone = await Client.connect(server.url(), phone('3'))
      const closed = await fdOf(gone)
      await gone.close()
      await eventually(async () => expect(await store.hexists('WEBSOCKET_FDINFO', `${closed}`)).toBe(0))
      expect(await does(client, verb, closed, 'GONE')).toBe(false)
      expect(await does(client, verb, 2 ** 40, 'GONE')).toBe(false)
      expect(await store.exists('GONE', `WEBSOCKET_FdCloseSetKey_${closed}`, `WEBSOCKET_FdController_${closed}`)).toBe(
        0,
      )
    },
  )

  test('joins that race the close leave no ghost', async () => {
    const fds: number[] = []
    for (let round = 0; round < 30; round++) {
      const victim = await Client.connect(server.url(), phone(`race ${round}`))
      const racer = await fdOf(victim)
      fds.push(racer)
      for (let n = 0; n < 10; n++) {
        const verb = n % 2 === 0 ? 'fdJoin' : 'joinAfterAPause'
        for (const who of [victim, client]) {
          who.send({ method: 'life.kit.forget', verb, args: [racer, `RACE_${n % 4}`] })
          who.send({ method: 'life.kit.forget', verb: 'fdAddController', args: [racer, 'Closing.Records'] })
        }
        if (n === round % 10) {
          if (round % 3 === 0) victim.reset()
          else victim.socket.close()
        }
      }
      await victim.closed
      await does(client, 'groupCount', 'RACE_0') // all that it asked for has been answered
    }
    await eventually(async () => {
      expect(await store.keys('RACE_*')).toEqual([])
      const own = fds.flatMap((racer) => [`WEBSOCKET_FdCloseSetKey_${racer}`, `WEBSOCKET_FdController_${racer}`])
      expect(await store.exists(...own)).toBe(0)
      expect(await store.hmget('WEBSOCKET_FDINFO', ...fds.map(String))).toEqual(fds.map(() => null))
      expect(await store.keys('WEBSOCKET_USERFDS_*race*')).toEqual([])
    })
  })
})
