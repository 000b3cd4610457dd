import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { type RedisServer, startRedis } from '../../support/redis'
import { fdOf, gatewaysOf, pidsOf, signal, startMachine } from './cluster'

const RESTARTS = 50
const KILLS = 5
const LINES = 2

let server: RedisServer
let redis: Redis
beforeAll(async () => {
  server = await startRedis()
  redis = new Redis(server.url)
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

/** One life of a server. @returns the fds that it gave to two clients */
async function live(killed: boolean): Promise<number[]> {
  const machine = await startMachine(server, { APP_MODE: 'base' })
  const pids = pidsOf(machine)
  expect(gatewaysOf(machine)).toHaveLength(1)
  const clients = [await Client.connect(machine.url(), phone('a')), await Client.connect(machine.url(), phone('b'))]
  const fds = await Promise.all(clients.map(fdOf))
  await redis.sadd('LEFT_BEHIND', ...fds)
  if (killed) signal(pids, 'SIGKILL')
  await machine.stop()
  return fds
}

test(`${RESTARTS} lives of a server, some of which end by SIGKILL: no fd is ever given twice`, async () => {
  const fds: number[] = []
  // Several at a time, as machines are.
  const lines = Array.from({ length: LINES }, async (_, line) => {
    for (let life = line; life < RESTARTS; life += LINES) fds.push(...(await live(life % (RESTARTS / KILLS) === 0)))
  })
  await Promise.all(lines)
  expect(fds).toHaveLength(RESTARTS * 2)
  expect(new Set(fds).size).toBe(RESTARTS * 2)
  expect(fds.every(Number.isSafeInteger)).toBe(true)
  // A start that had to ask Redis twice has skipped one.
  expect(Number(await redis.get('WEBSOCKET_INSTANCES'))).toBeGreaterThanOrEqual(RESTARTS)

  // The set of the dead means nobody of those who come now.
  const machine = await startMachine(server, { APP_MODE: 'base' })
  const stranger = await Client.connect(machine.url(), phone('stranger'))
  expect(await redis.sismember('LEFT_BEHIND', await fdOf(stranger))).toBe(0)
  stranger.send({ method: 'cluster.kit.say', target: 'LEFT_BEHIND', text: 'for the dead' })
  stranger.send({ method: 'cluster.kit.say', target: await fdOf(stranger), text: 'for me' })
  expect((await stranger.next('said')).info).toBe('for me')
  expect(stranger.texts.join()).not.toContain('for the dead')
  await machine.stop()
}, 600_000)
