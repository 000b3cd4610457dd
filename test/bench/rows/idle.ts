import { type Contestant, compete, over, type Rounds } from '../contest'
import { memoryOf, quiet } from '../cpu'
import { figure } from '../figures'
import type { ClientOptions } from '../load/client'
import { mostConnections } from '../machine'
import type { Options } from '../options'
import { type Bar, claim, type Row } from '../row'
import { INDEX } from '../subjects/call'
import { startFramework, users } from '../subjects/framework'
import { collect, type Subject, startFloor } from '../subjects/program'
import { Stage } from './stage'

const MORE_MOST = 1024

/** Rounds that are enough: what memory a connection takes hardly changes. */
const ROUNDS = 3
const QUICK_ROUNDS = 2

/** The share of the connections that come before: what a process takes for its first ones is not what each takes. */
const FIRST = 0.5

/** A server that has just been started, and who holds its sockets. */
export interface Fresh {
  readonly subject: Subject
  readonly holders: readonly number[]
  clients(count: number): ClientOptions[] | Promise<ClientOptions[]>
}

export async function* idle(options: Options): AsyncGenerator<Row> {
  yield await measure(options, 'idle', options.quick ? 5000 : 10_000)
}

/** Many more of them. */
export async function* scaleIdle(options: Options): AsyncGenerator<Row> {
  yield await measure(options, 'scale-idle', options.quick ? 5000 : mostConnections(50_000))
}

async function measure(options: Options, name: string, count: number): Promise<Row> {
  const rounds = await idleRounds(options, count, { floor: freshFloor, process: freshFramework })
  const more = (rounds.process ?? []).map((bytes, round) => bytes - (rounds.floor?.[round] ?? Number.NaN))
  return {
    name,
    title: `Memory of an idle connection, ${count} of them, registered`,
    ...idleBars(rounds),
    claims: [claim('the gateway above a bare connection', 'bytes', figure(more), { most: MORE_MOST })],
    remarks: [],
    rounds,
  }
}

async function freshFloor(): Promise<Fresh> {
  const subject = await startFloor('upgrade')
  return { subject, holders: subject.server, clients: (count) => users(subject, count) }
}

export async function freshFramework(): Promise<Fresh> {
  const subject = await startFramework({ mode: 'process' })
  return { subject, holders: subject.gateways, clients: (count) => users(subject, count) }
}

/** Bytes of each of so many connections that do nothing, in the processes that hold them: a new server for every round. */
export const idleRounds = (
  { rounds, quick }: Options,
  count: number,
  starts: Readonly<Record<string, () => Promise<Fresh>>>,
): Promise<Rounds<number>> =>
  compete(
    Math.min(rounds, quick ? QUICK_ROUNDS : ROUNDS),
    Object.entries(starts).map(([name, start]): Contestant<number> => ({ name, round: () => bytesEach(start, count) })),
  )

export const idleBars = (rounds: Rounds<number>): { readonly unit: string; columns: string[]; bars: Bar[] } => ({
  unit: 'bytes',
  columns: [],
  bars: Object.keys(rounds).map((name) => ({ name, figure: over(rounds, name, (bytes) => bytes), cells: [] })),
})

async function bytesEach(start: () => Promise<Fresh>, count: number): Promise<number> {
  const stage = new Stage()
  try {
    const { subject, holders, clients } = await start()
    await stage.start(Promise.resolve(subject))
    const hold = { does: 'call', request: INDEX, replies: [], pipeline: 1 } as const
    const all = await clients(count)
    const first = Math.ceil(count * FIRST)
    await stage.open({ ...subject, name: 'first' }, { ...hold, clients: all.slice(0, first) })
    const before = await memory(subject, holders)
    await stage.open(subject, { ...hold, clients: all.slice(first) })
    return ((await memory(subject, holders)) - before) / (count - first)
  } finally {
    await stage.clear()
  }
}

/** Of some of a subject's processes, when it has nothing left to do and no garbage. */
async function memory({ server, store }: Subject, pids: readonly number[]): Promise<number> {
  await quiet([...server, ...store])
  collect(pids)
  await quiet(pids)
  return pids.reduce((sum, pid) => sum + memoryOf(pid), 0)
}
