import { expect, onTestFinished, test } from 'vitest'
import { phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { HEARTBEAT_MS, Pulse } from '../../support/pulse'
import { RawClient } from '../../support/raw'
import { gatewayOf, peakMemory } from '../Faults/support'
import { Cluster, does, measured } from './support'

const MEMBERS = 500
const TIMES = 20_000
const GROWTH_MIB = 300

/** A member that counts what it gets: `...,"param":17}`. */
class Member {
  readonly raw: RawClient
  last = -1
  heard = 0
  disordered = 0

  constructor(raw: RawClient) {
    this.raw = raw
    raw.listen((frame) => {
      const text = frame.toString('latin1')
      const number = Number(text.slice(text.lastIndexOf(':') + 1, -1))
      if (number <= this.last) this.disordered++
      this.last = number
      this.heard++
    })
  }
}

test('20,000 messages to a group of 500 on another machine: all arrive in order, heartbeats and joins go on, memory is bounded', async () => {
  const cluster = await Cluster.start(2)
  onTestFinished(() => cluster.stop())
  const [near, far] = cluster.machines
  if (near === undefined || far === undefined) throw new Error('two machines were asked for')
  const users = Array.from({ length: MEMBERS }, (_, index) => phone(`member${index}`))
  const members = await Promise.all(users.map(async (user) => new Member(await RawClient.connect(far.url(), user))))
  const sender = await cluster.connect(0)
  const joiner = await cluster.connect(1)
  let fds: string[] = []
  await eventually(async () => {
    const found = await cluster.store.hmget('WEBSOCKET_UIDTOFD', ...users.map(({ id }) => String(id)))
    fds = found.flatMap((fd) => fd ?? [])
    expect(fds).toHaveLength(MEMBERS)
  })
  await Promise.all(fds.map((fd) => does(joiner, 'fdJoin', fd, 'FLOOD')))

  const pulses = await Promise.all([near, far].map((machine) => Pulse.start(machine.url())))
  const gateways = [near, far].map(gatewayOf)
  const before = gateways.map(peakMemory)
  const began = performance.now()
  const joins = { made: 0, refused: 0, longest: 0 }
  let over = false
  const joining = async () => {
    const fd = Number((await joiner.call('bus.kit.who')).param)
    while (!over) {
      const asked = performance.now()
      const { status } = await joiner.call('bus.kit.do', {
        verb: 'fdJoin',
        args: [fd, `J_${joins.made + joins.refused}`],
      })
      if (status === 200) joins.made++
      else joins.refused++
      joins.longest = Math.max(joins.longest, Math.round(performance.now() - asked))
    }
  }
  const joined = joining()
  await sender.call('bus.kit.flood', { group: 'FLOOD', from: 0, to: TIMES, text: '' }, 40_000)
  // What Redis did not take in time, on a machine that is busy with something else, is counted and logged.
  const lost = () =>
    near.log.all.reduce((sum, { msg, count }) => sum + (msg.includes('were lost') ? Number(count) : 0), 0)
  await eventually(() => {
    expect(Math.min(...members.map(({ heard }) => heard))).toBeGreaterThanOrEqual(TIMES - lost())
  }, 120_000)
  over = true
  await joined
  const figures = {
    ms: Math.round(performance.now() - began),
    grownBy: gateways.map((pid, index) => peakMemory(pid) - (before[index] ?? 0)),
    worstHeartbeats: pulses.map(({ worst }) => worst),
    joins,
    lost: lost(),
  }
  measured('20,000 messages to a group of 500 on another machine', figures)
  expect(members.filter(({ disordered }) => disordered > 0)).toHaveLength(0)
  expect(new Set(members.map(({ heard }) => heard)).size).toBe(1)
  expect(Math.max(...figures.grownBy)).toBeLessThan(GROWTH_MIB)
  expect(Math.max(...figures.worstHeartbeats)).toBeLessThan(HEARTBEAT_MS)
  expect([...near.output, ...far.output].filter((line) => line.includes('interrupted'))).toEqual([])
  for (const { raw } of members) raw.socket.destroy()
  await Promise.all(pulses.map((pulse) => pulse.stop()))
}, 300_000)
