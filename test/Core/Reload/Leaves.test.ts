import { readdirSync } from 'node:fs'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../support/eventually'
import { type RedisServer, startRedis } from '../../support/redis'
import type { Server } from '../../support/server'
import { Load } from './load'
import { gatewayOf, openFilesOf, processesOf, residentOf } from './processes'
import { Project, reloadWhole } from './project'

/** RELOADS=200 is the whole promise. */
const RELOADS = Number(process.env.RELOADS ?? 40)

let project: Project
let redis: RedisServer
let server: Server
let client: Redis
beforeAll(async () => {
  redis = await startRedis()
  project = new Project({ setting: { worker_num: 1 } })
  server = await project.start({ REDIS_URL: redis.url, APP_LOG_LEVEL: 'info' })
  client = new Redis(redis.url)
})
afterAll(async () => {
  client.disconnect()
  await server.stop()
  await redis.stop()
  project.delete()
})

/** What the server holds, without names that change. */
async function holdings() {
  const clients = String(await client.client('LIST'))
  const files = readdirSync(server.runtime, { recursive: true }).map((name) =>
    String(name).replace(/generations\/\d+/, 'generations/N'),
  )
  return {
    processes: processesOf(project.folder)
      .map(({ command }) => command.split(' ')[2])
      .sort(),
    clients: clients.trim().split('\n').length,
    files: files.filter((name) => !name.includes('node_modules/')).sort(),
    supervisor: openFilesOf(server.process.pid ?? 0),
    gateway: openFilesOf(gatewayOf(project.folder)),
  }
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

test('reloads leave no process, socket, file or Redis client behind, and the gateway does not grow', {
  timeout: 600_000,
}, async () => {
  const load = await Load.start({
    url: server.url(),
    clients: 20,
    inFlight: 1,
    call: () => ({ method: 'calls.calls.wait', ms: 20 }),
  })
  await reloadWhole(server)
  const before = await holdings()
  const gateway = gatewayOf(project.folder)
  const memory: number[] = []
  const from = performance.now()
  for (let n = 0; n < RELOADS; n++) {
    await reloadWhole(server)
    memory.push(residentOf(gateway))
  }
  const seconds = (performance.now() - from) / 1000
  await eventually(async () => expect(await holdings()).toEqual(before))
  const quarter = Math.floor(RELOADS / 4)
  const second = mean(memory.slice(quarter, quarter * 2))
  const last = mean(memory.slice(-quarter))
  const { calls, answered, lost } = await load.stop()
  console.log(
    `${RELOADS} reloads in ${seconds.toFixed(1)} s; gateway ${second.toFixed(1)} MiB in the second quarter, ${last.toFixed(1)} in the last; ${calls} calls`,
  )
  expect(last).toBeLessThan(second * 1.1)
  expect({ answered, lost }).toEqual({ answered: calls, lost: 0 })
})
