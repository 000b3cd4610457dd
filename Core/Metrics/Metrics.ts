import type { CountsBy, GatewayStatus, WorkerStatus } from '../Orders'
import { BOUNDS } from './Handling'
import type { Metric, Sample } from './Samples'
import type { supervisorCounts } from './SupervisorCounts'

/** A value of a metric, and what tells it from the others. */
type Value = Omit<Sample, 'metric'>

/** A metric, and how it is read from what a process tells. */
interface Reading<From> extends Metric {
  readonly read: (from: From) => readonly Value[]
}

/** The server as a whole, as its supervisor knows it. */
export interface ServerState {
  /** Unix seconds of the start. */
  readonly startedAt: number
  /** Bytes that the supervisor itself occupies. */
  readonly memory: number
  readonly ready: boolean
  readonly gateways: number
  readonly workers: number
  /** The number of the code that serves. */
  readonly generation: number
  readonly counts: typeof supervisorCounts
}

function counter<From>(name: string, help: string, read: (from: From) => number): Reading<From> {
  return {
    name,
    help,
    type: 'counter',
    labels: [],
    together: 'sum',
    read: (from) => [{ labels: {}, value: read(from) }],
  }
}

function gauge<From>(
  name: string,
  help: string,
  read: (from: From) => number,
  together: Metric['together'] = 'sum',
): Reading<From> {
  return { ...counter(name, help, read), type: 'gauge', together }
}

/** Counters that differ in one label. */
function counters<From>(name: string, help: string, label: string, read: (from: From) => CountsBy): Reading<From> {
  return { name, help, type: 'counter', labels: [label], together: 'sum', read: (from) => by(label, read(from)) }
}

const by = (label: string, counts: CountsBy): Value[] =>
  Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }))

const SERVER: readonly Reading<ServerState>[] = [
  gauge('mswoole_start_time_seconds', 'When the server was started, Unix time.', ({ startedAt }) => startedAt),
  gauge('mswoole_ready', '1 while new clients are welcome, as /readyz says.', ({ ready }) => Number(ready)),
  gauge('mswoole_gateways', 'Gateways that answer.', ({ gateways }) => gateways),
  gauge('mswoole_workers', 'Workers that answer; during a reload the old ones, too.', ({ workers }) => workers),
  gauge('mswoole_generation', 'The number of the code that serves.', ({ generation }) => generation),
  gauge('mswoole_supervisor_memory_bytes', 'Resident memory of the supervisor.', ({ memory }) => memory),
  counters('mswoole_reloads_total', 'Reloads by how they ended.', 'outcome', ({ counts }) => counts.reloads),
  counters('mswoole_restarts_total', 'Restarts by how they ended.', 'outcome', ({ counts }) => counts.restarts),
  counters(
    'mswoole_workers_replaced_total',
    'Workers replaced between reloads.',
    'reason',
    ({ counts }) => counts.workersReplaced,
  ),
  counter('mswoole_gateways_replaced_total', 'Gateways that died and were replaced.', ({ counts }) => {
    return counts.gatewaysReplaced
  }),
]

const GATEWAY: readonly Reading<GatewayStatus>[] = [
  {
    ...counters<GatewayStatus>('mswoole_connections', 'Open connections.', 'port', ({ ports }) => ports),
    type: 'gauge',
  },
  counter('mswoole_connections_opened_total', 'Connections accepted.', ({ counts }) => counts.opened),
  counters('mswoole_connections_closed_total', 'Connections closed.', 'code', ({ counts }) => counts.closed),
  counters('mswoole_handshakes_refused_total', 'Handshakes refused.', 'reason', ({ counts }) => {
    return counts.handshakesRefused
  }),
  counter('mswoole_messages_received_total', 'Messages of clients.', ({ counts }) => counts.received),
  counter('mswoole_received_bytes_total', 'Bytes of the messages of clients.', ({ counts }) => counts.receivedBytes),
  counter('mswoole_heartbeats_total', 'Heartbeats of clients.', ({ counts }) => counts.heartbeats),
  counter('mswoole_messages_sent_total', 'Messages handed to sockets.', ({ counts }) => counts.sent),
  counter('mswoole_sent_bytes_total', 'Bytes of the messages handed to sockets.', ({ counts }) => counts.sentBytes),
  counters('mswoole_broadcasts_total', 'Messages for groups, users, ports, everybody.', 'audience', ({ counts }) => {
    return counts.broadcasts
  }),
  counter('mswoole_deliveries_total', 'Messages to sockets that broadcasts became.', ({ counts }) => counts.deliveries),
  counters('mswoole_messages_dropped_total', 'Messages that reached nobody.', 'reason', ({ counts }) => counts.dropped),
  counters(
    'mswoole_messages_refused_total',
    'Messages of clients answered 429 or 503 by the gateway.',
    'reason',
    (of) => {
      return of.counts.refused
    },
  ),
  gauge('mswoole_calls_in_flight', 'Messages and closes under way in workers.', ({ workers }) => {
    return workers.reduce((all, { inFlight }) => all + inFlight, 0)
  }),
  counter('mswoole_bus_received_total', 'Envelopes that came over the bus.', ({ counts }) => counts.envelopesReceived),
  counter('mswoole_bus_published_total', 'Envelopes given to the bus.', ({ counts }) => counts.envelopesPublished),
  counter('mswoole_bus_dropped_total', 'Envelopes that could not be read.', ({ counts }) => counts.envelopesDropped),
  gauge('mswoole_redis_up', '1 while Redis answers.', ({ store }) => Number(store.up), 'max'),
  gauge(
    'mswoole_redis_latency_seconds',
    'How long Redis took the last time.',
    ({ store }) => store.latencyMs / 1000,
    'max',
  ),
  counter('mswoole_redis_errors_total', 'What Redis was to do and did not.', ({ counts }) => counts.storeErrors),
  gauge(
    'mswoole_gateway_event_loop_delay_seconds',
    'The longest standstill of the last 15 s.',
    ({ delayMs }) => delayMs / 1000,
    'max',
  ),
  gauge('mswoole_gateway_memory_bytes', 'Resident memory.', ({ memory }) => memory),
  gauge('mswoole_gateway_uptime_seconds', 'Since the process started.', ({ uptime }) => uptime, 'max'),
]

const WORKER: readonly Reading<WorkerStatus>[] = [
  {
    ...counter('mswoole_calls_total', 'Calls of actions, by how they ended.', () => 0),
    labels: ['action', 'outcome'],
    read: readCalls,
  },
  {
    ...counter('mswoole_handler_duration_seconds', 'How long calls of actions took.', () => 0),
    type: 'histogram',
    labels: ['action'],
    read: readDurations,
  },
  counters('mswoole_calls_unroutable_total', 'Messages that name nothing which can be called.', 'reason', (of) => {
    return of.counts.unroutable
  }),
  counters(
    'mswoole_worker_messages_dropped_total',
    'Messages of user code that never left its worker.',
    'reason',
    (of) => {
      return of.counts.dropped
    },
  ),
  gauge(
    'mswoole_worker_event_loop_delay_seconds',
    'The longest standstill of any worker in the last 15 s.',
    ({ delayMs }) => delayMs / 1000,
    'max',
  ),
  gauge('mswoole_worker_memory_bytes', 'Resident memory of all workers.', ({ memory }) => memory),
  gauge('mswoole_worker_heap_bytes', 'JavaScript objects of all workers.', ({ heap }) => heap),
]

const LABELLED = GATEWAY.map((reading) => ({
  ...reading,
  labels: ['gateway', ...reading.labels],
  read: (from: GatewayStatus) =>
    reading.read(from).map((value) => ({ ...value, labels: { gateway: from.name, ...value.labels } })),
}))

/** Every metric that is served, in the order in which it is. */
export const METRICS: readonly Metric[] = [...SERVER, ...LABELLED, ...WORKER]

export const samplesOfServer = (state: ServerState) => samples(SERVER, state)
export const samplesOfGateway = (status: GatewayStatus) => samples(LABELLED, status)
/** Without a label for the worker: there is a new one after every reload. */
export const samplesOfWorker = (status: WorkerStatus) => samples(WORKER, status)

function* samples<From>(readings: readonly Reading<From>[], from: From): Iterable<Sample> {
  for (const metric of readings) for (const value of metric.read(from)) yield { metric, ...value }
}

function readCalls({ counts }: WorkerStatus): Value[] {
  return Object.entries(counts.actions).flatMap(([action, { outcomes }]) =>
    Object.entries(outcomes).map(([outcome, value]) => ({ labels: { action, outcome }, value })),
  )
}

/** The buckets of the text format count everything up to their bound. */
function readDurations({ counts }: WorkerStatus): Value[] {
  return Object.entries(counts.actions).flatMap(([action, { buckets, seconds }]) => {
    let count = 0
    const upTo = buckets.map((calls, at) => {
      count += calls
      return { suffix: '_bucket', labels: { action, le: String(BOUNDS[at] ?? '+Inf') }, value: count }
    })
    return [
      ...upTo,
      { suffix: '_sum', labels: { action }, value: seconds },
      { suffix: '_count', labels: { action }, value: count },
    ]
  })
}
