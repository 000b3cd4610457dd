import type { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { PATH_WITHOUT_REDIS, Server } from '../../support/server'
import { allTold, crowd, does, enter, gatewaysOf, instanceOf, type Member } from './cluster'

const place = { groups: ['ROOM'], keys: ['HAND_SET'], controllers: ['Cluster.Witness'] }

// In this order: the last test kills one of the two gateways.
let machine: Server
let store: Redis
let members: Member[]
beforeAll(async () => {
  const env = { APP_MODE: 'process', APP_GATEWAYS: '2', PATH: PATH_WITHOUT_REDIS }
  machine = await Server.start({ fixture: 'cluster', env })
  store = machine.store()
  members = await crowd(30, (index) => enter(machine, phone(`m${index}`), place))
})
afterAll(async () => {
  store.disconnect()
  await machine.stop()
})

/** Two members whose gateways are not the same. */
function strangers(): [Member, Member] {
  const [one] = members
  const other = members.find(({ fd }) => instanceOf(fd) !== instanceOf(one?.fd ?? 0))
  if (one === undefined || other === undefined) throw new Error('all clients are at one gateway')
  return [one, other]
}

test('two gateways on the in-memory store: a message to a group, and one to an fd, reach whoever they are for', async () => {
  expect(machine.log.all.find(({ msg }) => msg === 'started')?.store).toContain('memory')
  const [one, other] = strangers()
  one.client.send({ method: 'cluster.kit.say', target: 'ROOM', text: 'to all' })
  for (const { client } of members) expect((await client.next('said')).info).toBe('to all')
  one.client.send({ method: 'cluster.kit.say', target: other.fd, text: 'to one' })
  expect((await other.client.next('said')).info).toBe('to one')
  expect(await does(one.client, 'join', { of: other.fd, name: 'PAIR' })).toBe(true)
  expect(await store.smembers('PAIR')).toEqual([`${other.fd}`])
})

test('a gateway is killed: the other one takes its clients off the record, and tells of each once', async () => {
  const [one] = strangers()
  const [first, second] = gatewaysOf(machine)
  process.kill(first ?? 0, 'SIGKILL')
  const fallen = await Promise.race(
    [true, false].map((his) =>
      Promise.all(
        members
          .filter(({ fd }) => (instanceOf(fd) === instanceOf(one.fd)) === his)
          .map(({ client, fd }) => client.closed.then(() => fd)),
      ),
    ),
  )
  const living = members.filter(({ fd }) => !fallen.includes(fd))
  const left = living.map(({ fd }) => `${fd}`).sort()
  await eventually(async () => expect((await store.hkeys('WEBSOCKET_FDINFO')).sort()).toEqual(left))
  for (const key of ['ROOM', 'HAND_SET']) expect((await store.smembers(key)).sort()).toEqual(left)
  expect(await store.keys('WEBSOCKET_USERFDS_*')).toHaveLength(living.length)
  expect(await allTold([machine], 'Witness', fallen)).toEqual([])
  for (const { client } of living) expect((await client.call('cluster.kit.who')).event).toBe('who')
  expect(gatewaysOf(machine)).toContain(second)
})
