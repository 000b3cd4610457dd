import { bars, competeByTurns, over, type Rounds, ratio } from '../contest'
import { figure } from '../figures'
import type { Window } from '../load/meter'
import type { Options } from '../options'
import { claim, type Row } from '../row'
import { INDEX, replies } from '../subjects/call'
import { startFramework, users } from '../subjects/framework'
import { type Subject, startFloor } from '../subjects/program'
import { Stage } from './stage'

const CONNECTIONS = 100

/** Milliseconds of the window that finds out what saturation is. */
const SATURATION_MS = 1000

const SPINS = 'The load looks all the time what is due: the share of its core says nothing here.'

const median = ({ p50 }: Window) => p50

/** How long a call takes, at a part of what the server can do; the floor gets as many calls a second. */
export const latency = (options: Options): AsyncGenerator<Row> =>
  Stage.run(async function* (stage) {
    const { firstWarmUp, warmUp, duration, rounds, turns } = options
    const [floor] = await stage.start(startFloor('call', '1'))
    const [base, process] = await stage.start(startFramework({ mode: 'base' }), startFramework({ mode: 'process' }))
    if (floor === undefined || base === undefined || process === undefined) return
    for (const subject of [floor, base, process]) {
      const clients = users(subject, CONNECTIONS)
      await stage.open(subject, { does: 'call', clients, request: INDEX, replies: replies(1), pipeline: 1 })
    }
    const saturation = async (subject: Subject) => {
      const { count, seconds } = await stage.load(subject, { warmUp: firstWarmUp, duration: SATURATION_MS })
      return count / seconds
    }
    await saturation(floor)
    const half = (await saturation(base)) / 2
    const quarter = (await saturation(process)) / 4
    const at = async (subjects: readonly Subject[], rate: number): Promise<Rounds> => {
      for (const subject of subjects) await stage.load(subject, { warmUp: firstWarmUp / 2, duration: 50, rate })
      return competeByTurns(
        rounds,
        turns,
        subjects.map((subject) => ({
          name: subject.name,
          round: () => stage.load(subject, { warmUp: warmUp / turns, duration: duration / turns, rate }),
        })),
      )
    }
    const halfway = await at([floor, base], half)
    yield {
      name: 'latency',
      title: `Latency at ${half.toFixed(0)} calls a second, half of what base mode can do; ${CONNECTIONS} connections`,
      ...bars(halfway),
      claims: [
        claim(
          'p50 of base to that of the floor',
          'x',
          ratio(halfway, 'base', 'floor', median),
          { most: 1.1 },
          over(halfway, 'floor', median),
        ),
      ],
      remarks: [SPINS],
      rounds: halfway,
    }
    const slow = await at([floor, process], quarter)
    const more = (slow.process ?? []).map(({ p50 }, round) => p50 - (slow.floor?.[round]?.p50 ?? Number.NaN))
    const p99 = over(slow, 'process', (window) => window.p99 / 1000)
    yield {
      name: 'latency',
      title: `Latency at ${quarter.toFixed(0)} calls a second, a quarter of what process mode can do; ${CONNECTIONS} connections`,
      ...bars(slow),
      claims: [
        claim('p50 of process above that of the floor', 'us', figure(more), { most: 80 }, over(slow, 'floor', median)),
        claim('p99 of process', 'ms', p99, { most: 2 }),
      ],
      remarks: [SPINS],
      rounds: slow,
    }
    await stage.close([floor, base, process])
  })
