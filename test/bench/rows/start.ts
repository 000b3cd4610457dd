import { memoryOf, quiet } from '../cpu'
import { figure, short } from '../figures'
import type { Options } from '../options'
import { claim, type Row } from '../row'
import { startFramework } from '../subjects/framework'

const MB = 1e6

/** From the command until it listens, and what the processes then have in memory; built, on a redis-server of its own. */
export async function* start(options: Options): AsyncGenerator<Row> {
  const seconds: number[] = []
  const rounds: { supervisor: number[]; gateway: number[]; worker: number[] } = {
    supervisor: [],
    gateway: [],
    worker: [],
  }
  const together: number[] = []
  for (let round = 0; round < options.rounds; round++) {
    const server = await startFramework({ mode: 'process', free: true, env: { NODE_OPTIONS: '' } })
    try {
      seconds.push(server.startedIn)
      await quiet(server.server)
      const [supervisor = 0, gateway = 0, worker = 0] = server.server.map((pid) => memoryOf(pid) / MB)
      rounds.supervisor.push(supervisor)
      rounds.gateway.push(gateway)
      rounds.worker.push(worker)
      together.push(supervisor + gateway + worker)
    } finally {
      await server.stop()
    }
  }
  yield {
    name: 'start',
    title: 'Start to listening, and memory when idle (PSS)',
    unit: 'MB',
    columns: [],
    bars: Object.entries(rounds).map(([name, all]) => ({ name, figure: figure(all), cells: [] })),
    claims: [
      claim('from the command to listening', 's', figure(seconds), { most: 0.7 }),
      claim('supervisor, gateway and worker together', 'MB', figure(together), { most: 130 }),
    ],
    remarks: [`Each start took ${seconds.map(short).join(', ')} s.`],
    rounds: { ...rounds, seconds },
  }
}
