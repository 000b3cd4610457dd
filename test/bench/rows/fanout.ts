import { bars, competeByTurns, cpuEach, over, type Rounds, ratio, saturation, toFloor } from '../contest'
import type { Window } from '../load/meter'
import type { Options } from '../options'
import { type Claim, claim, type Row } from '../row'
import { countByGateway, type FanSubject, startFanFloor, startFanFramework } from '../subjects/fanout'
import { Stage } from './stage'

/** Members of the group, and milliseconds, in which code is used so often that it is compiled. */
const FEW = 10
const COMPILED = 4000

/** Messages that a member reads at once, from which on it is said. */
const TOGETHER = 1.1

/** A message to a group of one gateway: deliveries a CPU second, to those of bare `publish`. */
export async function* fanout(options: Options): AsyncGenerator<Row> {
  for (const redis of [false, true]) {
    yield* measure(
      options,
      { name: 'fanout', what: `Group send, one gateway, ${redis ? 'Redis' : 'memory store'}` },
      () => [
        startFanFloor(),
        startFanFramework({ mode: 'process', redis }),
        startFanFramework({ mode: 'base', redis }),
      ],
      (rounds) => ['process', 'base'].map((name) => perSecond(rounds, name)),
    )
  }
}

/** The same over two gateways on a Redis, beside bare `publish` in one process. */
export const fanout2 = (options: Options): AsyncGenerator<Row> =>
  measure(
    options,
    { name: 'fanout2', what: 'Group send, two gateways through Redis' },
    () => [startFanFloor(), startFanFramework({ mode: 'process', gateways: 2, workers: 2, redis: true })],
    (rounds) => [toFloor(rounds, 'process', { most: 1.2 }, 'CPU a delivery to bare publish')],
  )

/** Deliveries a CPU second: the other way round than CPU a delivery. */
function perSecond(rounds: Rounds, name: string): Claim {
  const figure = ratio(rounds, name, 'floor', (window) => 1 / cpuEach(window))
  return claim(
    `deliveries a CPU second of ${name} to bare publish`,
    'x',
    figure,
    { least: 0.9 },
    over(rounds, 'floor', cpuEach),
  )
}

/** Group sends of several servers in turn. @param start the reference first */
export const measure = (
  options: Options,
  { name, what }: { readonly name: string; readonly what: string },
  start: () => readonly Promise<FanSubject>[],
  claims: (rounds: Rounds) => Claim[],
): AsyncGenerator<Row> =>
  Stage.run(async function* (stage) {
    const { warmUp, duration, longTurns, firstWarmUp, burst } = options
    const window = { warmUp: warmUp / longTurns, duration: duration / longTurns }
    const subjects = await stage.start(...start())
    const enter = async (subject: FanSubject, size: number) => {
      const { command, message } = subject
      const sender = await subject.sender()
      const members = await subject.members(size)
      return await stage.open(subject, { does: 'listen', members, sender, command, message, burst })
    }
    // A server that has run for a while has compiled its code. With few members it comes that far in seconds.
    for (const subject of subjects) {
      await enter(subject, FEW)
      await stage.load(subject, { warmUp: COMPILED, duration: 100 })
    }
    await stage.close(subjects)
    for (const size of options.groups) {
      const spreads: string[] = []
      for (const subject of subjects) {
        const welcomes = await enter(subject, size)
        if (subject.gateways && subject.gateways.length > 1) {
          spreads.push(`Members of the gateways: ${countByGateway(welcomes)}.`)
        }
        await stage.load(subject, { warmUp: firstWarmUp, duration: 100 })
      }
      const rounds = await competeByTurns(
        options.rounds,
        longTurns,
        subjects.map((subject) => ({ name: subject.name, round: () => stage.load(subject, window) })),
      )
      await stage.close(subjects)
      const shown = bars(rounds)
      yield {
        name,
        title: `${what}, ${size} members`,
        ...shown,
        columns: [...shown.columns, 'redis us'],
        bars: shown.bars.map((bar) => ({ ...bar, cells: [...bar.cells, storeEach(rounds, bar.name)] })),
        claims: claims(rounds),
        remarks: [...spreads, ...saturation(rounds), ...together(rounds)],
        rounds,
      }
    }
  })

const storeEach = (rounds: Rounds, name: string) =>
  over(rounds, name, ({ store, count }) => store / count).median.toFixed(2)

function together(rounds: Rounds): string[] {
  return Object.keys(rounds).flatMap((name) => {
    const { median } = over(rounds, name, (window: Window) => window.together ?? 1)
    return median > TOGETHER
      ? `A member of ${name} read ${median.toFixed(1)} messages at once: not each had a write of its own.`
      : []
  })
}
