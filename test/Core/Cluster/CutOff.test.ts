import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { canMakeHosts, Host } from '../../support/network'
import { type RedisServer, startRedis } from '../../support/redis'
import { Server } from '../../support/server'
import { allTold, crowd, does, enter, fdOf, gatewayOf, instanceOf, type Member, offRecord, told } from './cluster'

const CROWD = 20

const place = { groups: ['ROOM'], keys: ['HAND_SET'], controllers: ['Cluster.Witness'] }

// A network that loses every packet says nothing: no reset, no end of a connection.
describe.skipIf(!canMakeHosts)('a machine that Redis cannot be reached from', () => {
  let host: Host
  let server: RedisServer
  let redis: Redis
  let machines: Server[]
  let far: Member[]
  let near: Member[]
  beforeEach(async () => {
    host = new Host()
    server = await startRedis({ args: ['--bind', '0.0.0.0', '--protected-mode', 'no'] })
    redis = new Redis(server.url)
    const start = (at: string, on?: Host) =>
      Server.start({
        fixture: 'cluster',
        env: { APP_MODE: 'process', REDIS_URL: `redis://${at}:${server.port}` },
        ...(on && { host: on }),
      })
    const [there, here] = [await start(host.gateway, host), await start('127.0.0.1')]
    machines = [there, here]
    far = await crowd(CROWD, (index) => enter(there, phone(`far${index}`), place))
    near = await crowd(CROWD, (index) => enter(here, phone(`near${index}`), place))
  })
  afterEach(async () => {
    host.mend()
    await Promise.all(machines.map((machine) => machine.stop()))
    redis.disconnect()
    await server.stop()
    host.remove()
  })

  const fdsOf = (members: readonly Member[]) => members.map(({ fd }) => fd)

  const allOpen = (members: readonly Member[]) =>
    members.every(({ client }) => client.socket.readyState === client.socket.OPEN)

  async function heartbeats(members: readonly Member[]): Promise<void> {
    const before = members.map(({ client }) => client.texts.length)
    for (const { client } of members) client.send('2')
    await eventually(() => {
      for (const [n, { client }] of members.entries()) expect(client.texts.slice(before[n])).toContain('3')
    })
  }

  test('for longer than a lease: another one takes its clients over on record; when it is back it closes them with 1012 and serves again', async () => {
    const [there] = machines
    if (there === undefined) throw new Error('it has not started')
    const gateway = gatewayOf(there)
    host.cut(server.port)
    const refused = await far[0]?.client.call('cluster.kit.mark', { text: 'cut off' })
    expect(refused?.event).toBe('serviceUnavailable')
    await offRecord(redis, fdsOf(far))
    expect(await allTold(machines, 'Witness', fdsOf(far))).toEqual([])
    expect(allOpen(far)).toBe(true)
    await heartbeats(far)

    host.mend()
    const codes = await Promise.all(far.map(({ client }) => client.closed.then(({ code }) => code)))
    expect(new Set(codes)).toEqual(new Set([1012]))
    await eventually(() => expect(gatewayOf(there)).not.toBe(gateway))
    let again: Client | undefined
    await eventually(async () => {
      again = await Client.connect(there.url(), phone('again'))
    })
    if (again) expect(instanceOf(await fdOf(again))).not.toBe(instanceOf(far[0]?.fd ?? 0))
    for (const [fd, times] of told(machines, 'Witness')) expect(times, `${fd}`).toBe(1)
    expect((await redis.smembers('ROOM')).map(Number).sort()).toEqual(fdsOf(near).sort())
    expect(allOpen(near)).toBe(true)
  }, 300_000)

  test('for less than a lease: nobody is taken for dead, and all goes on', async () => {
    const [there] = machines
    if (there === undefined) throw new Error('it has not started')
    const gateway = gatewayOf(there)
    const lease = `WEBSOCKET_INSTANCE_${instanceOf(far[0]?.fd ?? 0)}_LEASE`
    host.cut(server.port)
    // It has missed a renewal, and has the time to come back.
    await eventually(async () => expect(await redis.pttl(lease)).toBeLessThan(3500))
    host.mend()
    await eventually(async () => expect(await redis.pttl(lease)).toBeGreaterThan(4500))
    await eventually(async () => {
      for (const { client } of far)
        expect((await client.call('cluster.kit.mark', { text: 'back' })).event).toBe('marked')
    })
    expect(gatewayOf(there)).toBe(gateway)
    expect(allOpen([...far, ...near])).toBe(true)
    expect(told(machines, 'Witness').size).toBe(0)
    expect((await redis.smembers('ROOM')).map(Number).sort()).toEqual(fdsOf([...far, ...near]).sort())
    // The way between the gateways, too, is whole again.
    await eventually(async () => {
      const joined = near[0] && (await does(near[0].client, 'join', { of: far[1]?.fd, name: 'AFTER' }))
      expect(joined).toBe(true)
    })
    expect(await redis.sismember('AFTER', far[1]?.fd ?? 0)).toBe(1)
  }, 300_000)
})
