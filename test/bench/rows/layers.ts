import { bars, cpuEach, over, type Rounds, saturation } from '../contest'
import { figure } from '../figures'
import type { Options } from '../options'
import { claim, type Row } from '../row'
import { CHECKED, INDEX, replies, UNCHECKED } from '../subjects/call'
import { type Framework, startFramework, users } from '../subjects/framework'
import { callAll } from './call'
import { Stage } from './stage'

const CONNECTIONS = 100

/** A call without something. */
interface Less {
  readonly name: string
  readonly request: string
  readonly replies: 1 | 2
  readonly server: Framework
}

/** What each layer takes of a call in base mode: with it less without it, round by round. */
export const layers = (options: Options): AsyncGenerator<Row> =>
  Stage.run(async function* (stage) {
    const start = async (env: Readonly<Record<string, string>>, acknowledges = true) =>
      await startFramework({ mode: 'base', acknowledges, env })
    const [all, unacknowledged, unfiltered, anonymous] = await stage.start(
      start({}),
      start({}, false),
      start({ BENCH_FILTER: 'none' }),
      start({ APP_AUTH_CHECK: '0' }),
    )
    if (!all || !unacknowledged || !unfiltered || !anonymous) return
    const calls: readonly Less[] = [
      { name: 'all', request: CHECKED, replies: 2, server: all },
      { name: 'no acknowledgement', request: CHECKED, replies: 1, server: unacknowledged },
      { name: 'no filter', request: CHECKED, replies: 2, server: unfiltered },
      { name: 'no validation', request: UNCHECKED, replies: 2, server: all },
      { name: 'no guard, no injection', request: INDEX, replies: 2, server: all },
      { name: 'no auth', request: INDEX, replies: 2, server: anonymous },
    ]
    const rounds = await callAll(
      stage,
      options,
      calls.map(({ name, server, request, replies: count }) => ({
        subject: { ...server, name },
        clients: users(server, CONNECTIONS),
        request,
        replies: replies(count),
      })),
    )
    yield {
      name: 'layers',
      title: `What each layer takes of a call, base mode, ${CONNECTIONS} connections`,
      ...bars(rounds),
      claims: [
        takes(rounds, 'the acknowledgement', 'all', 'no acknowledgement'),
        takes(rounds, 'the filter', 'all', 'no filter'),
        takes(rounds, 'validation of one field with zod', 'all', 'no validation'),
        takes(rounds, 'the guard and the injected controller', 'no validation', 'no guard, no injection'),
        takes(rounds, 'a known user', 'no guard, no injection', 'no auth'),
      ],
      remarks: [...saturation(rounds), 'Metrics cannot be switched off: they are plain additions.'],
      rounds,
    }
  })

function takes(rounds: Rounds, what: string, more: string, less: string) {
  const differences = (rounds[more] ?? []).flatMap((window, round) => {
    const other = rounds[less]?.[round]
    return other === undefined ? [] : cpuEach(window) - cpuEach(other)
  })
  return claim(what, 'us a call', figure(differences), undefined, over(rounds, more, cpuEach))
}
