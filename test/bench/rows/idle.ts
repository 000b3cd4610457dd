import { compete, over } from '../contest'
import { memoryOf, quiet } from '../cpu'
import { figure } from '../figures'
import type { ClientOptions } from '../load/client'
import type { Options } from '../options'
import { claim, type Row } from '../row'
import { INDEX } from '../subjects/call'
import { startFramework, users } from '../subjects/framework'
import { collect, type Subject, startFloor } from '../subjects/program'
import { Stage } from './stage'

const MORE_MOST = 1024

/** Rounds that are enough: what memory costs hardly changes. */
const ROUNDS = 3

/** Memory of connections that do nothing, in the process that holds their sockets. */
export const idle = (options: Options): AsyncGenerator<Row> =>
  Stage.run(async function* (stage) {
    const count = options.quick ? 2000 : 10_000
    const [floor] = await stage.start(startFloor('upgrade'))
    const [process] = await stage.start(startFramework({ mode: 'process' }))
    if (floor === undefined || process === undefined) return
    const contestants = [
      { name: 'floor', round: () => bytesEach(stage, floor, floor.server, users(floor, count)) },
      { name: 'process', round: () => bytesEach(stage, process, process.gateways, users(process, count)) },
    ]
    await compete(1, contestants) // what a process takes for its first connections it does not give back
    const rounds = await compete(Math.min(options.rounds, ROUNDS), contestants)
    const more = (rounds.process ?? []).map((bytes, round) => bytes - (rounds.floor?.[round] ?? Number.NaN))
    yield {
      name: 'idle',
      title: `Memory of an idle connection, ${count} of them, registered`,
      unit: 'bytes',
      columns: [],
      bars: ['floor', 'process'].map((name) => ({ name, figure: over(rounds, name, (bytes) => bytes), cells: [] })),
      claims: [claim('the gateway above a bare connection', 'bytes', figure(more), { most: MORE_MOST })],
      remarks: [],
      rounds,
    }
  })

/** Bytes that processes hold for each connection. @param holders the processes that hold the sockets */
export async function bytesEach(
  stage: Stage,
  subject: Subject,
  holders: readonly number[],
  clients: readonly ClientOptions[],
): Promise<number> {
  const before = await memory(holders)
  await stage.open(subject, { does: 'call', clients, request: INDEX, replies: [], pipeline: 1 })
  await quiet([...subject.server, ...subject.store])
  const bytes = ((await memory(holders)) - before) / clients.length
  await stage.close([subject])
  await quiet([...subject.server, ...subject.store])
  return bytes
}

async function memory(pids: readonly number[]): Promise<number> {
  collect(pids)
  await quiet(pids)
  return pids.reduce((sum, pid) => sum + memoryOf(pid), 0)
}
