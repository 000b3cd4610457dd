import type { AppConfig, CacheConfig } from '../Library/Config/Schema'

/** What a process needs to start: everything that the supervisor has found out, as data. */
export interface Boot {
  /** For people, in logs: `gateway`, `worker 3`. */
  readonly name: string
  /** The folder of the project. */
  readonly folder: string
  /** The folder of the compiled project, which holds App/ and Config/. */
  readonly root: string
  /** The folder that `root` is in, and the one that it is a copy of: errors speak of the original. */
  readonly copy?: { readonly folder: string; readonly of: string }
  /** The folder of what is written at run time. */
  readonly runtime: string
  readonly config: AppConfig
  readonly cache: CacheConfig
  /** The store ends with the supervisor. */
  readonly embedded: boolean
  readonly link: {
    /** Unix sockets: of a gateway its own, of a worker those of all gateways. */
    readonly paths: readonly string[]
    readonly secret: string
    /** The number of a worker; gateways have none. */
    readonly worker: number
  }
}

/** Who a gateway is on record. */
export interface Identity {
  /** What its fds begin with. */
  readonly instance: number
  /** The boot that holds the instance. */
  readonly boot: string
}

/** From the supervisor to a process. */
export type Order =
  | { readonly order: 'boot'; readonly boot: Boot }
  /** To a gateway: open the public ports; default: those that it was started with. */
  | { readonly order: 'listen'; readonly outside?: AppConfig['outside'] }
  /** To a gateway: close them; the connections stay. */
  | { readonly order: 'unlisten' }
  /** To a gateway that has closed its ports: close the connections with 1012, evenly spread over so many milliseconds. */
  | { readonly order: 'drain'; readonly ms: number }
  /** To a gateway: have these workers joined? Nothing changes. */
  | { readonly order: 'muster'; readonly workers: readonly number[] }
  /** To a gateway: these workers serve, each its slot; null: a slot whose worker is still to come. */
  | { readonly order: 'assign'; readonly workers: readonly (number | null)[]; readonly config?: AppConfig }
  /** To a gateway: the process of this gateway is dead for certain; take over what it has left on record. */
  | { readonly order: 'reap'; readonly identity: Identity }
  /** To a worker: join the gateway that listens on this unix socket. */
  | { readonly order: 'join'; readonly path: string }
  /** To a worker: run this hook of all controllers. */
  | { readonly order: 'hook'; readonly hook: 'onReload' | 'onShutdown' }
  | { readonly order: 'ping' }
  /** How is it going? */
  | { readonly order: 'status' }
  /** To a gateway: send this text to public connections, on whatever machine they are; dryRun: only count them. */
  | {
      readonly order: 'say'
      readonly id: number
      readonly whom: Whom
      readonly text: string
      readonly dryRun: boolean
    }
  /** To a gateway: close public connections, on whatever machine they are. */
  | { readonly order: 'kick'; readonly id: number; readonly whom: Whom }
  /** To a gateway: which fds on its record are none of its connections? With `fix` they are taken off. */
  | { readonly order: 'audit'; readonly fix: boolean }
  | { readonly order: 'stop'; readonly reason: StopReason }

/** Counts since the process started, by a reason, a close code and the like. */
export type CountsBy = Readonly<Record<string, number>>

/** How a process is doing. */
export interface ProcessStatus {
  /** Bytes that it occupies. */
  readonly memory: number
  /** Bytes of objects that JavaScript keeps. */
  readonly heap: number
  /** Seconds since its start. */
  readonly uptime: number
  /** The longest time that its event loop stood still since it was asked before, in milliseconds. */
  readonly delayMs: number
}

/** What a gateway has counted since its start; see Core/Metrics. */
export interface GatewayCounts {
  readonly opened: number
  readonly closed: CountsBy
  readonly handshakesRefused: CountsBy
  readonly received: number
  readonly receivedBytes: number
  readonly heartbeats: number
  readonly sent: number
  readonly sentBytes: number
  readonly broadcasts: CountsBy
  readonly deliveries: number
  readonly dropped: CountsBy
  readonly refused: CountsBy
  readonly envelopesReceived: number
  readonly envelopesPublished: number
  readonly envelopesDropped: number
  readonly storeErrors: number
}

/** How a gateway is doing. */
export interface GatewayStatus extends ProcessStatus {
  /** The name that its log has: it stays when the process is replaced. */
  readonly name: string
  readonly instance: number
  readonly connections: number
  readonly ports: Readonly<Record<string, number>>
  /** By worker: the connections that it serves here, and what is under way there. */
  readonly workers: readonly { readonly id: number; readonly connections: number; readonly inFlight: number }[]
  /** Whether Redis answers, and how long it took the last time, in milliseconds. */
  readonly store: { readonly up: boolean; readonly latencyMs: number }
  readonly counts: GatewayCounts
}

/** What became of the calls of one action. */
export interface ActionCounts {
  readonly outcomes: CountsBy
  /** Calls by how long they took: one number for each bucket. */
  readonly buckets: readonly number[]
  /** How long all of them took together. */
  readonly seconds: number
}

/** What a worker has counted since its start; see Core/Metrics. */
export interface WorkerCounts {
  readonly unroutable: CountsBy
  readonly dropped: CountsBy
  readonly actions: Readonly<Record<string, ActionCounts>>
}

/** How a worker is doing. */
export interface WorkerStatus extends ProcessStatus {
  /** Messages that it has taken so far. */
  readonly calls: number
  readonly counts: WorkerCounts
}

/** Which connections are meant: one, those in a group or set, those of a user, or all. */
export type Whom =
  | { readonly fd: number }
  | { readonly group: string }
  | { readonly user: string; readonly type: string }
  | 'everybody'

/** Whom a message has reached. */
export interface Reached {
  readonly targeted: number
  readonly delivered: number
  readonly dropped: number
}

/** What clients are told when a gateway stops. */
export type StopReason = 'serverStops' | 'restart'

/** From a process to the supervisor. */
export type Report =
  /** It has started. A gateway says what its engine and who it is on record, a worker what its code is configured to do. */
  | {
      readonly report: 'ready'
      readonly engine?: string
      readonly identity?: Identity
      readonly config?: AppConfig
    }
  /** It begins to load a file of the user's. */
  | { readonly report: 'loads'; readonly file: string }
  /** The process cannot start; `message` is for people. */
  | { readonly report: 'failed'; readonly message: string }
  | { readonly report: 'listening'; readonly ports: Readonly<Record<string, number>> }
  | { readonly report: 'unlistened' }
  /** So many connections are still to be closed. */
  | { readonly report: 'draining'; readonly left: number }
  /** All connections are closed; their hooks may still run. */
  | { readonly report: 'emptied' }
  /** The workers that have not joined. */
  | { readonly report: 'mustered'; readonly missing: readonly number[] }
  /** A worker has joined the gateway that listens on this path; `failure`: it could not. */
  | { readonly report: 'joined'; readonly path: string; readonly failure?: string }
  /** The link of a worker to the gateway that listened on this path has ended. */
  | { readonly report: 'unlinked'; readonly path: string }
  /** The workers that have not joined; when there is one, nothing has changed. */
  | { readonly report: 'assigned'; readonly missing: readonly number[] }
  /** A worker that serves no longer has nothing under way any more. */
  | { readonly report: 'drained'; readonly worker: number }
  /** What a worker sent was no record; the gateway has dropped its link. */
  | { readonly report: 'broken'; readonly worker: number; readonly reason: string }
  | { readonly report: 'hooked' }
  /** A worker has had enough: `max_request` or `max_memory`. */
  | { readonly report: 'worn'; readonly reason: string }
  | { readonly report: 'pong' }
  /** Asked for, and once more before it ends. `worker`: in base mode it is one, too. */
  | { readonly report: 'gatewayStatus'; readonly status: GatewayStatus; readonly worker?: WorkerStatus }
  | { readonly report: 'workerStatus'; readonly status: WorkerStatus }
  /** The fds on a gateway's record that are none of its connections; `failure`: it could not look. */
  | { readonly report: 'audited'; readonly strangers: readonly number[]; readonly failure?: string }
  /** Which connections a `say` or `kick` has reached; `failure`: it could not be done. */
  | { readonly report: 'reached'; readonly id: number; readonly reached: Reached; readonly failure?: string }

export const isOrder = (message: unknown): message is Order => has(message, 'order')
export const isReport = (message: unknown): message is Report => has(message, 'report')

function has(message: unknown, field: string): boolean {
  return typeof message === 'object' && message !== null && field in message
}
