import { readFileSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { ask } from '../../Core/Manager/ask'
import { authString, phone } from '../../support/client'
import { buildFixtures } from '../../support/programs'
import { startRedis } from '../../support/redis'
import { Server } from '../../support/server'
import { figure } from '../figures'
import { openSocket } from '../load/handshake'
import type { Options } from '../options'
import { claim, type Row } from '../row'

/** Whether a listener that closes hands what waits in it to the others on its port; of Linux, written by root only. */
const MIGRATE = '/proc/sys/net/ipv4/tcp_migrate_req'

const GATEWAYS = 2
const SETTING = { mode: 'process', reactor_num: GATEWAYS, worker_num: 1, drain_time: 1 }

/** How long a handshake may take, in milliseconds. */
const LATE_MS = 5000

/** Handshakes a second. */
const RATE = 250

/** What became of handshakes. */
interface Rolled {
  readonly handshakes: number
  readonly restarts: number
  /** How handshakes failed, and how many. */
  readonly failed: Readonly<Record<string, number>>
}

/** Handshakes at a steady rate, while the server is restarted again and again. */
export async function* restart({ quick }: Options): AsyncGenerator<Row> {
  await buildFixtures([join('test', 'fixtures', 'ops')])
  const before = readFileSync(MIGRATE, 'utf8')
  const remarks: string[] = []
  const rounds: Record<string, Rolled[]> = {}
  try {
    for (const migrate of ['0', '1']) {
      if (set(migrate)) rounds[`tcp_migrate_req=${migrate}`] = [await roll(quick ? 2000 : 20_000)]
      else remarks.push(`${MIGRATE} cannot be set to ${migrate}: not measured.`)
    }
  } finally {
    set(before.trim())
  }
  const failures = ([rolled]: readonly Rolled[]) => figure([sum(Object.values(rolled?.failed ?? {}))])
  yield {
    name: 'restart',
    title: `Handshakes at ${RATE} a second through restarts of ${GATEWAYS} gateways`,
    unit: 'failed',
    columns: ['handshakes', 'restarts', 'listeners closed', 'how'],
    bars: Object.entries(rounds).map(([name, all]) => ({ name, figure: failures(all), cells: all.flatMap(cells) })),
    claims: Object.entries(rounds).map(([name, all]) => claim(`failed with ${name}`, 'handshakes', failures(all))),
    remarks,
    rounds,
  }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

const cells = ({ handshakes, restarts, failed }: Rolled) => [
  String(handshakes),
  String(restarts),
  String(restarts * GATEWAYS),
  Object.entries(failed)
    .map(([how, count]) => `${count} ${how}`)
    .join(', '),
]

/** @returns whether it is so now */
function set(migrate: string): boolean {
  if (readFileSync(MIGRATE, 'utf8').trim() === migrate) return true
  try {
    writeFileSync(MIGRATE, migrate)
    return true
  } catch {
    return false
  }
}

async function roll(handshakes: number): Promise<Rolled> {
  const redis = await startRedis()
  const config = { setting: SETTING, outside: { main: { port: 0 } }, limits: { rate: 0 } }
  const server = await Server.start({
    fixture: 'ops',
    env: { REDIS_URL: redis.url, TEST_CONFIG: JSON.stringify(config) },
  })
  let restarts = 0
  let done = false
  const restarting = (async () => {
    while (!done) {
      const { answers } = await ask(server.runtime, '{"method":"restart","format":"json"}')
      if (JSON.parse(answers.at(-1) ?? '{}').ok !== true) throw new Error(`the restart failed: ${answers.at(-1)}`)
      restarts++
    }
  })()
  restarting.catch(() => {}) // awaited below
  const failed = await arrive(server.port(), handshakes)
  done = true
  await restarting
  await server.stop()
  await redis.stop()
  return { handshakes, restarts, failed }
}

/** @returns how many handshakes failed, by what happened */
async function arrive(port: number, handshakes: number): Promise<Record<string, number>> {
  const failed: Record<string, number> = {}
  const under = new Set<Promise<unknown>>()
  const open = new Set<Socket>()
  const began = performance.now()
  for (let made = 0; made < handshakes; ) {
    const due = Math.min(handshakes, ((performance.now() - began) * RATE) / 1000)
    for (; made < due; made++) {
      const path = `/?auth=${encodeURIComponent(authString(phone(String(made))))}`
      const handshake = knock(port, path).then(
        (socket) => {
          open.add(socket)
          socket.once('close', () => open.delete(socket))
        },
        (error: unknown) => {
          const message = error instanceof Error ? error.message : String(error)
          const [how = message] = /ECONN\w+|HTTP\/1\.1 \d+/.exec(message) ?? []
          failed[how] = (failed[how] ?? 0) + 1
        },
      )
      under.add(handshake)
      handshake.then(() => under.delete(handshake))
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(under)
  for (const socket of open) socket.destroy()
  return failed
}

function knock(port: number, path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('late')), LATE_MS)
    openSocket(port, path, 0, () => {})
      .then(resolve, reject)
      .finally(() => clearTimeout(late))
  })
}
