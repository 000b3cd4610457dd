import type { GatewayStatus, Reached, Whom, WorkerStatus } from '../Orders'
import { pause } from './Backoff'
import type { Child } from './Child'

/** How long a process may take to say how it is doing, in milliseconds; one that does not is left out. */
const STATUS_MS = 2000

/** How long a text for everybody may take, in milliseconds. */
const REACH_MS = 5000

/** A gateway, for people and programs that look at the server. */
export interface GatewayView extends GatewayStatus {
  readonly pid: number
  /** Messages and closes under way in workers. */
  readonly inFlight: number
  /** Messages of clients a second. */
  readonly received: number
  /** Messages to clients a second. */
  readonly sent: number
  /** The longest time of the last 15 s that its event loop stood still, in milliseconds. */
  readonly delayMs: number
}

/** A worker, the same. */
export interface WorkerView extends WorkerStatus {
  readonly id: number
  readonly pid: number
  /** The number of its code: 1 at the start, one more with each reload. */
  readonly generation: number
  /** Connections that it serves, over all gateways of the machine. */
  readonly connections: number
  readonly inFlight: number
  /** Messages that it takes a second. */
  readonly callsPerSecond: number
  /** As of a gateway. */
  readonly delayMs: number
}

/** The processes that do the work, as they are now. */
export interface CrewView {
  readonly gateways: readonly GatewayView[]
  readonly workers: readonly WorkerView[]
}

export async function viewGateway(child: Child): Promise<GatewayView[]> {
  const answer = await Promise.race([child.ask({ order: 'status' }, 'gatewayStatus').catch(nothing), pause(STATUS_MS)])
  if (!answer) return []
  const { pid, account } = child
  const { received, sent } = account.rates
  const inFlight = answer.status.workers.reduce((all, worker) => all + worker.inFlight, 0)
  return [{ ...answer.status, pid, inFlight, received, sent, delayMs: account.longestDelay() }]
}

/** @param gateways tell what it does for each of them */
export async function viewWorker(
  child: Child,
  id: number,
  generation: number,
  gateways: readonly GatewayView[],
): Promise<WorkerView[]> {
  const answer = await Promise.race([child.ask({ order: 'status' }, 'workerStatus').catch(nothing), pause(STATUS_MS)])
  if (!answer) return []
  const seen = gateways.flatMap(({ workers }) => workers.filter((worker) => worker.id === id))
  const sum = (of: (worker: (typeof seen)[number]) => number) => seen.reduce((all, worker) => all + of(worker), 0)
  const connections = sum((worker) => worker.connections)
  const inFlight = sum((worker) => worker.inFlight)
  const { pid, account } = child
  const delayMs = account.longestDelay()
  return [
    { ...answer.status, id, pid, generation, connections, inFlight, callsPerSecond: account.rates.calls, delayMs },
  ]
}

/** What the console wants of connections, on whatever machine they are. */
export type Errand =
  | { readonly order: 'say'; readonly whom: Whom; readonly text: string; readonly dryRun: boolean }
  | { readonly order: 'kick'; readonly whom: Whom }

let errands = 0

/** Lets a gateway do an errand. @throws Error that says why it could not */
export async function reach(child: Child | undefined, errand: Errand): Promise<Reached> {
  const id = ++errands // two of them may be under way
  const answer = child?.next('reached', (report) => report.id === id)
  child?.order({ ...errand, id })
  const answered = await Promise.race([answer, pause(REACH_MS)])
  if (!answered) throw new Error('no gateway has answered; try again')
  if (answered.failure !== undefined) throw new Error(answered.failure)
  return answered.reached
}

/** What a gateway has on record and does not hold. */
export interface Audit {
  readonly name: string
  readonly strangers: readonly number[]
}

/** Lets gateways compare their record with their connections. @throws Error that says why one could not */
export function audit(gateways: readonly { readonly name: string; readonly child: Child }[], fix: boolean) {
  return Promise.all(
    gateways.map(async ({ name, child }): Promise<Audit> => {
      const audited = await Promise.race([child.ask({ order: 'audit', fix }, 'audited'), pause(REACH_MS)])
      if (!audited) throw new Error(`${name} does not answer`)
      if (audited.failure !== undefined) throw new Error(`${name}: ${audited.failure}`)
      return { name, strangers: audited.strangers }
    }),
  )
}

/** For a process that has died. */
function nothing(): undefined {}
