import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../support/eventually'
import { startRedis } from '../../support/redis'
import { Server } from '../../support/server'
import { Crowd } from './crowd'

const PHONES = 1000
const RATE = 200 // messages a second
const SECONDS = Number(process.env.CROWD_SECONDS ?? 30)

describe('a full room, on two gateways and two workers', () => {
  test('what phones say and walls approve reaches every phone once, in one order', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.stop())
    const env = { REDIS_URL: redis.url, APP_MODE: 'process', APP_GATEWAYS: '2', APP_WORKERS: '2' }
    const server = await Server.start({ env })
    onTestFinished(() => server.stop().then(() => {}))
    const crowd = await Crowd.open(server.url(), PHONES, 3)
    onTestFinished(() => crowd.close())
    const cpu = process.cpuUsage()

    await crowd.talk(RATE, SECONDS)
    const all = RATE * SECONDS
    await eventually(() => expect(Math.min(...crowd.phones.map(({ heard }) => heard))).toBe(all), 60_000)

    expect(crowd.refusals).toEqual([])
    expect(crowd.phones.map(({ wrong }) => wrong).filter((wrong) => wrong !== undefined)).toEqual([])
    expect(crowd.phones.filter(({ heard }) => heard !== all)).toEqual([])
    expect(new Set(crowd.order).size).toBe(all)
    for (const { seen, approved } of crowd.walls) {
      expect(seen).toEqual(crowd.walls[0]?.seen) // walls hear of everything, in one order
      expect(new Set(seen).size).toBe(all)
      const own = new Set(approved)
      expect(crowd.order.filter((id) => own.has(id))).toEqual(approved) // in the order in which they were approved
    }
    const { user, system } = process.cpuUsage(cpu)
    console.log(
      `measured: ${all} messages to ${PHONES} phones at ${RATE}/s: p50 ${crowd.percentile(0.5)} ms, p99 ${crowd.percentile(0.99)} ms, ` +
        `worst ${crowd.percentile(1)} ms; the ${PHONES} phones themselves took ${Math.round((user + system) / 1e4 / SECONDS)}% of a core`,
    )
  }, 180_000)
})
