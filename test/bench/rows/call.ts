import { bars, competeByTurns, cpuEach, over, type Rounds, ratio, saturation, toFloor } from '../contest'
import type { ClientOptions } from '../load/client'
import type { Message } from '../load/frames'
import type { Window } from '../load/meter'
import type { Options } from '../options'
import { claim, type Row } from '../row'
import { CHECKED, INDEX, replies } from '../subjects/call'
import { type Framework, partOf, startFramework, users } from '../subjects/framework'
import { type Subject, startFloor } from '../subjects/program'
import { Stage } from './stage'

/** A call, what it may cost to the floor's in either mode, and what its gateway may. */
interface Call {
  readonly name: string
  readonly what: string
  readonly request: string
  readonly replies: 1 | 2
  readonly targets: { readonly base: number; readonly process: number; readonly gateway?: number }
}

const INDEX_CALLS: readonly Call[] = [
  {
    name: 'call',
    what: 'Routed call, one reply (ack off)',
    request: INDEX,
    replies: 1,
    targets: { base: 1.05, process: 1.15, gateway: 0.95 },
  },
  {
    name: 'call',
    what: 'Routed call, two replies (ack on)',
    request: INDEX,
    replies: 2,
    targets: { base: 1.1, process: 1.2 },
  },
]

const CHECKED_CALL: Call = {
  name: 'checked',
  what: 'Call of a guarded, zod-validated, constructor-injected controller',
  request: CHECKED,
  replies: 1,
  targets: { base: 1.15, process: 1.25 },
}

/** Routed calls at saturation. */
export async function* call(options: Options): AsyncGenerator<Row> {
  for (const one of INDEX_CALLS) yield* measure(options, one)
}

export const checked = (options: Options): AsyncGenerator<Row> => measure(options, CHECKED_CALL)

const measure = (options: Options, one: Call): AsyncGenerator<Row> =>
  Stage.run(async function* (stage) {
    const acknowledges = one.replies === 2
    const [floor] = await stage.start(startFloor('call', String(one.replies)))
    const frameworks = await stage.start(
      startFramework({ mode: 'base', acknowledges }),
      startFramework({ mode: 'process', acknowledges }),
    )
    const [, process] = frameworks
    if (floor === undefined || process === undefined) return
    for (const connections of options.connections) {
      const callers = [floor, ...frameworks].map((subject) => ({
        subject,
        clients: users(subject, connections),
        request: one.request,
        replies: replies(one.replies),
      }))
      const rounds = await callAll(stage, options, callers)
      const { name, what, targets } = one
      yield {
        name,
        title: `${what}, ${connections} connections`,
        ...bars(rounds),
        claims: [
          toFloor(rounds, 'base', { most: targets.base }),
          toFloor(rounds, 'process', { most: targets.process }),
          gatewaysShare(rounds, process, targets.gateway),
        ],
        remarks: saturation(rounds),
        rounds,
      }
    }
  })

/** A subject, and how it is called. */
export interface Callers {
  readonly subject: Subject
  readonly clients: readonly ClientOptions[]
  readonly request: Message
  readonly replies: readonly Message[]
}

/** All subjects in turn, as fast as they answer. */
export async function callAll(
  stage: Stage,
  { rounds, turns, warmUp, duration, firstWarmUp, pipeline }: Options,
  callers: readonly Callers[],
): Promise<Rounds> {
  for (const { subject, ...calls } of callers) {
    await stage.open(subject, { does: 'call', ...calls, pipeline })
    await stage.load(subject, { warmUp: firstWarmUp, duration: 50 })
  }
  const window = { warmUp: warmUp / turns, duration: duration / turns }
  const shown = await competeByTurns(
    rounds,
    turns,
    callers.map(({ subject }) => ({ name: subject.name, round: () => stage.load(subject, window) })),
  )
  await stage.close(callers.map(({ subject }) => subject))
  return shown
}

/** What bounds the calls that a gateway's core can pass on. */
function gatewaysShare(rounds: Rounds, process: Framework, most: number | undefined) {
  const share = (window: Window) => partOf(process, process.gateways, window.parts) / window.count
  const figure = ratio(rounds, process.name, 'floor', share, cpuEach)
  const target = most === undefined ? undefined : { most }
  return claim("the gateway alone to the floor's whole call", 'x', figure, target, over(rounds, 'floor', cpuEach))
}
