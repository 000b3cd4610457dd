import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../support/eventually'
import { startRedis } from '../../support/redis'
import { Server } from '../../support/server'
import { Crowd } from './crowd'

const PHONES = 1000
const RATE = 200 // messages a second
const SECONDS = Number(process.env.CROWD_SECONDS ?? 30)

/** What the server has logged as a warning or worse. */
const troubles = (server: Server) =>
  server.log.all.filter(({ level }) => level !== 'info' && level !== 'debug').map((line) => JSON.stringify(line))

describe('a full room, on two gateways and two workers', () => {
  test('what phones say and walls approve reaches every phone once, in one order', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.stop())
    const env = { REDIS_URL: redis.url, APP_MODE: 'process', APP_GATEWAYS: '2', APP_WORKERS: '2', APP_RATE: '0' }
    const server = await Server.start({ env })
    onTestFinished(() => server.stop().then(() => {}))
    const crowd = await Crowd.open(server.url(), PHONES, 3)
    onTestFinished(() => crowd.close())
    const cpu = process.cpuUsage()

    const began = performance.now()
    await crowd.talk(RATE, SECONDS)
    const took = (performance.now() - began) / 1000
    const all = RATE * SECONDS
    const well = { asked: all, approved: all, least: all, most: all, refusals: [] }
    await eventually(() => expect(crowd.state, troubles(server).join('\n')).toEqual(well), 180_000)

    expect(crowd.phones.map(({ wrong }) => wrong).filter((wrong) => wrong !== undefined)).toEqual([])
    expect(new Set(crowd.order).size).toBe(all)
    for (const { seen, share } of crowd.walls) {
      expect(seen).toEqual(crowd.walls[0]?.seen) // walls hear of everything, in one order
      expect(new Set(seen).size).toBe(all)
      const own = new Set(share)
      expect(crowd.order.filter((id) => own.has(id))).toEqual(share) // in the order in which they were approved
    }
    const { user, system } = process.cpuUsage(cpu)
    console.log(
      `measured: ${all} messages to ${PHONES} phones in ${took.toFixed(1)} s: p50 ${crowd.percentile(0.5)} ms, p99 ${crowd.percentile(0.99)} ms, ` +
        `worst ${crowd.percentile(1)} ms; the ${PHONES} phones themselves took ${Math.round((user + system) / 1e4 / took)}% of a core`,
    )
  }, 400_000)
})
