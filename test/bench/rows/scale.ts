import { bars, compete, cpuEach, over, type Rounds, ratio } from '../contest'
import { short } from '../figures'
import type { Window } from '../load/meter'
import { mostConnections } from '../machine'
import type { Options } from '../options'
import { commandTimes, timeBetween } from '../redis'
import { type Claim, claim, type Row } from '../row'
import { INDEX, replies } from '../subjects/call'
import { type FanFramework, startFanFramework } from '../subjects/fanout'
import { startFramework, users } from '../subjects/framework'
import { type Subject, startFloor } from '../subjects/program'
import { callAll } from './call'
import { Stage } from './stage'

/** Flat: what it costs with many is at most so much of what it costs with few. */
const FLAT = { most: 1.2 }

/** Connections that come while others are open; they want room beside them. */
const COMING = 500

/** How often they come before the first round, so that its code is compiled. */
const WARM_UPS = 4

/** Messages a second to a group, so few that the largest gets them in time. */
const MESSAGES = 2

const many = ({ quick }: Options) => (quick ? 5000 : mostConnections(50_000))

/** A call with 100 connections in closed loop and with many; the floor, which grows too as the kernel does, beside it. */
export const scaleCall = (options: Options): AsyncGenerator<Row> =>
  Stage.run(async function* (stage) {
    const sizes = [100, many(options)]
    const subjects = await stage.start<Subject>(
      startFloor('call', '1'),
      startFramework({ mode: 'base' }),
      startFramework({ mode: 'process' }),
    )
    const callers = sizes.flatMap((size) =>
      subjects.map((subject) => ({
        subject: { ...subject, name: named(subject.name, size) },
        clients: users(subject, size),
        request: INDEX,
        replies: replies(1),
      })),
    )
    const rounds = await callAll(stage, options, callers)
    const grown = (name: string) => ratio(rounds, named(name, sizes[1]), named(name, sizes[0]), cpuEach)
    const [, most = 0] = sizes
    const toFloor: Rounds<number> = Object.fromEntries(
      ['base', 'process'].flatMap((name) =>
        sizes.map((size) => [
          named(name, size),
          (rounds[named(name, size)] ?? []).map(
            (window, round) => cpuEach(window) / floorOf(rounds[named('floor', size)]?.[round]),
          ),
        ]),
      ),
    )
    const same = (value: number) => value
    yield {
      name: 'scale-call',
      title: `Call with 100 and with ${most} connections, all of them calling`,
      ...bars(rounds),
      claims: [
        claim('growth of the floor', 'x', grown('floor')),
        claim('growth of base', 'x', grown('base')),
        claim('growth of process', 'x', grown('process')),
        ...['base', 'process'].map((name) =>
          claim(
            `growth of ${name} beyond that of the floor`,
            'x',
            ratio(toFloor, named(name, most), named(name, sizes[0]), same),
            FLAT,
            over(rounds, named('floor', most), cpuEach),
          ),
        ),
      ],
      remarks: [],
      rounds,
    }
  })

const floorOf = (window: Window | undefined) => (window === undefined ? Number.NaN : cpuEach(window))

/** What a group send takes of Redis. */
export const scaleGroup = (options: Options): AsyncGenerator<Row> =>
  Stage.run(async function* (stage) {
    const sizes = [10, many(options)]
    const groups = await stage.start(
      ...sizes.map((size) => startFanFramework({ name: named('members', size), mode: 'process', redis: true })),
    )
    for (const [index, subject] of groups.entries()) {
      const { command, message } = subject
      const sender = await subject.sender()
      const members = subject.members(sizes[index] ?? 0)
      await stage.open(subject, { does: 'listen', members, sender, command, message, burst: 1 })
      await stage.load(subject, { warmUp: options.firstWarmUp, duration: 100, rate: MESSAGES })
    }
    const before = await Promise.all(groups.map(({ redis }) => commandTimes(redis)))
    await new Promise((resolve) => setTimeout(resolve, 3000))
    const after = await Promise.all(groups.map(({ redis }) => commandTimes(redis)))
    const idle = new Set(
      [...before.entries()].flatMap(([index, times]) =>
        [...(after[index] ?? [])].filter(([name, time]) => time > (times.get(name) ?? 0)).map(([name]) => name),
      ),
    )
    const send = async (subject: FanFramework): Promise<number> => {
      const start = await commandTimes(subject.redis)
      const duration = Math.max(options.duration, 3000)
      // Every message counts, those of the warm-up too: one at the beginning, and then so many a second.
      await stage.load(subject, { warmUp: 1000 / MESSAGES / 2, duration, rate: MESSAGES })
      const messages = 1 + Math.floor(((duration + 1000 / MESSAGES / 2) * MESSAGES) / 1000)
      return timeBetween(start, await commandTimes(subject.redis), (name) => !idle.has(name)) / messages
    }
    const rounds = await compete(
      options.rounds,
      groups.map((subject) => ({ name: subject.name, round: () => send(subject) })),
    )
    yield {
      name: 'scale-group',
      title: `Group send in Redis, 10 members and ${sizes[1]}`,
      unit: 'redis us a message',
      columns: [],
      bars: groups.map(({ name }) => ({ name, figure: over(rounds, name, (time) => time), cells: [] })),
      claims: [flat(rounds, 'members', sizes, (time) => time)],
      remarks: [
        `Work at commands that a server without messages gives Redis, too, is not counted: ${[...idle].join(', ')}.`,
      ],
      rounds,
    }
  })

/** A handshake and its registration while few and while many connections are open. */
export const scaleOpen = (options: Options): AsyncGenerator<Row> =>
  Stage.run(async function* (stage) {
    const sizes = [10, many(options) - COMING]
    const servers = await stage.start(
      ...sizes.map((size) => startFramework({ name: named('open', size), mode: 'process', redis: true })),
    )
    const window = { warmUp: 0, duration: 0 }
    const coming: Subject[] = []
    for (const [index, subject] of servers.entries()) {
      const clients = users(subject, sizes[index] ?? 0, COMING + 1)
      const held = { ...subject, name: `${subject.name}, held` }
      await stage.open(held, { does: 'call', clients, request: INDEX, replies: [], pipeline: 1 })
      await stage.open(subject, { does: 'knock', clients: users(subject, COMING), window: 'coming' })
      for (let times = 0; times < WARM_UPS; times++) await stage.load(subject, window)
      coming.push(subject)
    }
    const rounds = await compete(
      options.rounds,
      coming.map((subject) => ({ name: subject.name, round: () => stage.load(subject, window) })),
    )
    const shown = bars(rounds)
    const redis = ({ store, count }: Window) => store / count
    yield {
      name: 'scale-open',
      title: `Handshake and registration while 10 are open, and ${sizes[1]}`,
      ...shown,
      columns: [...shown.columns, 'redis us'],
      bars: shown.bars.map((bar) => ({ ...bar, cells: [...bar.cells, short(over(rounds, bar.name, redis).median)] })),
      claims: [
        flat(rounds, 'open', sizes, cpuEach, 'CPU of the server'),
        flat(rounds, 'open', sizes, redis, 'CPU of Redis'),
      ],
      remarks: [],
      rounds,
    }
  })

const named = (what: string, size = 0) => `${what}, ${size}`

function flat<Result>(
  rounds: Rounds<Result>,
  what: string,
  [few, most]: readonly number[],
  of: (result: Result) => number,
  whose = 'it',
): Claim {
  const figure = ratio(rounds, named(what, most), named(what, few), of)
  return claim(`${whose} with many to that with few`, 'x', figure, FLAT, over(rounds, named(what, few), of))
}
