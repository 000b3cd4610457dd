import { afterAll, beforeAll, expect, test } from 'vitest'
import { UIDTOFD } from '../../../Core/Record/Keys'
import { Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { Load } from '../../support/load'
import { HEARTBEAT_MS, Pulse } from '../../support/pulse'
import { RawClient } from '../../support/raw'
import { Server } from '../../support/server'
import { count, expectNothingLost, gatewayOf, measured, peakMemory, workersOf } from './support'

const MIB = 1024 * 1024
const GROWTH_MIB = 300
const MEMBERS = 500

let server: Server
beforeAll(async () => {
  server = await Server.start({ fixture: 'faults', env: { APP_MODE: 'process', APP_LOG_LEVEL: 'debug' } })
})
afterAll(() => server.stop())

/** What every process of the server ever had at most, in MiB. */
const memory = () => new Map([gatewayOf(server), ...workersOf(server)].map((pid) => [pid, peakMemory(pid)]))

/** Runs a flood beside clients that call and heartbeats. @returns what it cost: of memory, and the others of time */
async function beside(
  flood: () => Promise<void>,
): Promise<{ grownBy: number[]; worstHeartbeat: number; longestGap: number }> {
  const load = await Load.connect({
    url: server.url(),
    clients: 10,
    inFlight: 1,
    method: 'fault.work.count',
    data: () => ({ ms: 20 }),
  })
  const pulse = await Pulse.start(server.url())
  const before = memory()
  load.run()
  try {
    await flood()
    const account = await load.pause()
    expectNothingLost(account)
    const grownBy = [...memory()].map(([pid, peak]) => peak - (before.get(pid) ?? peak))
    return { grownBy, worstHeartbeat: pulse.worst, longestGap: account.longestGap }
  } finally {
    await pulse.stop()
    await load.close()
  }
}

test.each([
  ['1 MiB', MIB],
  ['4 KiB', 4096],
])(
  '1 GiB in messages of %s to a client that does not read: it is closed, memory stays bounded, heartbeats are answered',
  async (size, bytes) => {
    const slow = await RawClient.connect(server.url(), phone(`slow${bytes}`))
    const sender = await Client.connect(server.url(), phone('sender'))
    await count(sender)
    const redis = server.store()
    let to = 0
    await eventually(async () => {
      to = Number(await redis.hget(UIDTOFD, `slow${bytes}`))
      expect(to).toBeGreaterThan(0)
    })
    redis.disconnect()
    slow.stopReading()
    const figures = await beside(async () => {
      await sender.call('fault.flood.big', { to, bytes, times: 1024 * (MIB / bytes) }, 60_000)
      const closed = await server.logged(({ msg, fd }) => msg === 'connection closed' && fd === to)
      expect([1006, 1013, 4413]).toContain(closed.closeCode)
      measured('closed with', { closeCode: closed.closeCode })
    })
    measured(`1 GiB in messages of ${size} to a slow reader`, figures)
    expect(Math.max(...figures.grownBy)).toBeLessThan(GROWTH_MIB)
    expect(figures.worstHeartbeat).toBeLessThan(HEARTBEAT_MS)
    slow.socket.destroy()
    await sender.close()
  },
  300_000,
)

/** A member that counts what it gets. */
class Member {
  readonly raw: RawClient
  next = 1
  disordered = 0

  constructor(raw: RawClient) {
    this.raw = raw
    raw.listen((frame) => this.#hear(frame.toString('latin1')))
  }

  #hear(text: string): void {
    const number = Number(text.slice(text.lastIndexOf(':') + 1, -1))
    if (number !== this.next) this.disordered++
    this.next = number + 1
  }
}

async function connectMembers(name: string): Promise<{ members: Member[]; fds: string[] }> {
  const users = Array.from({ length: MEMBERS }, (_, index) => phone(`${name}${index}`))
  const members = await Promise.all(users.map(async (user) => new Member(await RawClient.connect(server.url(), user))))
  const redis = server.store()
  let fds: string[] = []
  await eventually(async () => {
    const found = await redis.hmget(UIDTOFD, ...users.map(({ id }) => String(id)))
    fds = found.flatMap((fd) => fd ?? [])
    expect(fds).toHaveLength(MEMBERS)
  })
  redis.disconnect()
  return { members, fds }
}

test.each([
  ['a group', 'GROUP', 20_000],
  ['a set that was filled by hand', 'SET', 2000],
])(
  'messages to %s of 500, all in one go: every member gets all in order, heartbeats are answered meanwhile',
  async (what, group, times) => {
    const { members, fds } = await connectMembers(group)
    const sender = await Client.connect(server.url(), phone('sender'))
    if (group === 'SET') {
      const redis = server.store()
      await redis.sadd(group, ...fds)
      redis.disconnect()
    } else {
      for (const fd of fds) await sender.call('fault.flood.joinOther', { other: Number(fd), group })
    }
    const began = performance.now()
    const figures = await beside(async () => {
      await sender.call('fault.flood.many', { group, times }, 60_000)
      await eventually(() => {
        expect(members.filter(({ next }) => next !== times + 1)).toHaveLength(0)
      }, 40_000)
    })
    measured(`${times} messages to ${what}`, { ...figures, ms: Math.round(performance.now() - began) })
    expect(members.filter(({ disordered }) => disordered > 0)).toHaveLength(0)
    expect(Math.max(...figures.grownBy)).toBeLessThan(GROWTH_MIB)
    expect(figures.worstHeartbeat).toBeLessThan(HEARTBEAT_MS)
    for (const { raw } of members) raw.socket.destroy()
    await sender.close()
  },
  300_000,
)
