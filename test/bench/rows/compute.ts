import { compete, over, ratio } from '../contest'
import { percent, short } from '../figures'
import { Generator } from '../load/generator'
import type { Window } from '../load/meter'
import type { Options } from '../options'
import { claim, type Row } from '../row'
import { COMPUTE, INDEX, replies } from '../subjects/call'
import { startFramework, users } from '../subjects/framework'
import type { Subject } from '../subjects/program'
import { Stage } from './stage'

/** Calls that wait for a worker at any time. */
const CALLERS = 16

/** Clients that send heartbeats meanwhile, and how many of them a second. */
const PULSES = 10
const BEATS = 200

/** Milliseconds of a window at least: workers do a call a millisecond. */
const LEAST_MS = 500

interface Shown extends Window {
  readonly beats: Window
}

/** Handlers that take 1 ms of CPU each. Nothing is pinned: two workers are to have two cores. */
export const compute = (options: Options): AsyncGenerator<Row> =>
  Stage.run(async function* (stage) {
    const { warmUp, duration, firstWarmUp } = options
    const subjects = await stage.start(
      startFramework({ name: 'one worker', mode: 'process', free: true }),
      startFramework({ name: 'two workers', mode: 'process', workers: 2, free: true }),
    )
    const callers = new Generator()
    const pulse = new Generator()
    try {
      const load = async ({ name, server, store }: Subject, request: { warmUp: number; duration: number }) => {
        const watched = { server, store }
        const [calls, beats] = await Promise.all([
          callers.load(name, { ...request, watched, rate: 0 }),
          pulse.load(name, { ...request, watched, rate: BEATS }),
        ])
        return { ...calls, beats }
      }
      for (const subject of subjects) {
        const { name, server, store } = subject
        const clients = users(subject, CALLERS)
        const calls = { does: 'call', clients, replies: replies(1), pipeline: 1 } as const
        // Calls that do nothing first: they come so fast that the server's code is compiled.
        await callers.open(name, { ...calls, request: INDEX })
        await callers.load(name, { watched: { server, store }, rate: 0, warmUp: firstWarmUp, duration: 50 })
        await callers.close(name)
        await callers.open(name, { ...calls, request: COMPUTE })
        const hearts = users(subject, PULSES, CALLERS + 1)
        await pulse.open(name, { does: 'call', clients: hearts, request: '2', replies: ['3'], pipeline: 1 })
        await load(subject, { warmUp, duration: 50 })
      }
      const rounds = await compete<Shown>(
        options.rounds,
        subjects.map((subject) => ({
          name: subject.name,
          round: () => load(subject, { warmUp, duration: Math.max(duration, LEAST_MS) }),
        })),
      )
      const each = ({ count, seconds }: Window) => count / seconds
      const beat = ({ beats }: Shown) => beats.p99 / 1000
      yield {
        name: 'compute',
        title: 'Handlers that compute for 1 ms of CPU, on both cores',
        unit: 'calls a second',
        columns: ['heartbeat p50 ms', 'p99 ms', 'server', 'load'],
        bars: subjects.map(({ name }) => ({
          name,
          figure: over(rounds, name, each),
          cells: [
            short(over(rounds, name, ({ beats }) => beats.p50 / 1000).median),
            short(over(rounds, name, beat).median),
            percent(over(rounds, name, ({ server, seconds }) => server / 1e6 / seconds)),
            percent(over(rounds, name, ({ load: first, beats, seconds }) => (first + beats.load) / 1e6 / seconds)),
          ],
        })),
        claims: [
          claim(
            'calls of two workers to one',
            'x',
            ratio(rounds, 'two workers', 'one worker', each),
            { least: 1.8 },
            over(rounds, 'one worker', each),
          ),
          claim('heartbeat p99 meanwhile', 'ms', over(rounds, 'two workers', beat), { most: 5 }),
        ],
        remarks: [],
        rounds,
      }
    } finally {
      await callers.stop()
      await pulse.stop()
    }
  })
