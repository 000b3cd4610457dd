import type { GatewayStatus, Reached, WorkerStatus } from '../Orders'
import { pause } from './Backoff'
import type { Child } from './Child'

/** How long a process may take to say how it is doing, in milliseconds; one that does not is left out. */
const STATUS_MS = 2000

/** How long a text for everybody may take, in milliseconds. */
const SAY_MS = 5000

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

/** Lets a gateway send a text to everybody. @throws Error that says why it could not */
export async function say(child: Child | undefined, text: string): Promise<Reached> {
  const said = await Promise.race([child?.ask({ order: 'say', text }, 'said'), pause(SAY_MS)])
  if (!said) throw new Error('no gateway has answered; try again')
  if (said.failure !== undefined) throw new Error(said.failure)
  return said.reached
}

/** For a process that has died. */
function nothing(): undefined {}
