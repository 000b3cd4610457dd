import { ask } from '../../Core/Manager/ask'
import { over } from '../contest'
import { figure, percent, short } from '../figures'
import type { Window } from '../load/meter'
import type { Options } from '../options'
import { claim, type Row } from '../row'
import { INDEX, replies } from '../subjects/call'
import { startFramework, users } from '../subjects/framework'
import { Stage } from './stage'

const CONNECTIONS = 100

/** Milliseconds of a window: a reload takes about half of it, and begins when it has begun. */
const WINDOW_MS = 1500
const BEFORE_MS = 200

/**
 * Calls in a closed loop while every worker is replaced. A call that is lost would hold up its connection for ever, and an answer that is
 * another one ends the benchmark: so all that ends has lost nothing.
 */
export const reload = (options: Options): AsyncGenerator<Row> =>
  Stage.run(async function* (stage) {
    const [framework] = await stage.start(startFramework({ name: 'process', mode: 'process', free: true }))
    if (framework === undefined) return
    const server = { ...framework, server: framework.gateways } // its workers come and go
    const clients = users(server, CONNECTIONS)
    await stage.open(server, { does: 'call', clients, request: INDEX, replies: replies(1), pipeline: 1 })
    await stage.load(server, { warmUp: options.firstWarmUp, duration: 50 })
    const window = () => stage.load(server, { warmUp: BEFORE_MS, duration: WINDOW_MS })
    const rounds: { 'no reload': Window[]; reload: Window[] } = { 'no reload': [], reload: [] }
    for (let round = 0; round < options.rounds; round++) {
      rounds['no reload'].push(await window())
      const [under] = await Promise.all([window(), reloaded(server.runtime)])
      rounds.reload.push(under)
    }
    const longest = (each: Window) => each.longest / 1000
    const calls = rounds.reload.reduce((sum, { count }) => sum + count, 0)
    yield {
      name: 'reload',
      title: `Reload under load, ${CONNECTIONS} connections in closed loop`,
      unit: 'ms, longest wait of a call',
      columns: ['calls', 'p50 us', 'p99 us', 'load'],
      bars: Object.keys(rounds).map((name) => ({
        name,
        figure: over(rounds, name, longest),
        cells: [
          over(rounds, name, ({ count }) => count).median.toFixed(0),
          short(over(rounds, name, ({ p50 }) => p50).median),
          short(over(rounds, name, ({ p99 }) => p99).median),
          percent(over(rounds, name, ({ load, seconds }) => load / 1e6 / seconds)),
        ],
      })),
      claims: [
        claim('longest wait of a call over a reload', 'ms', over(rounds, 'reload', longest), { most: 25 }),
        claim(`lost of ${calls} calls`, 'calls', figure([0]), { most: 0 }),
      ],
      remarks: [],
      rounds,
    }
    await stage.close([server])
  })

async function reloaded(runtime: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 2 * BEFORE_MS))
  const { answers } = await ask(runtime, '{"method":"reload","format":"json"}')
  if (JSON.parse(answers.at(-1) ?? '{}').ok !== true) throw new Error(`the reload failed: ${answers.at(-1)}`)
}
