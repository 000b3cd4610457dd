import type { ModuleCounts } from '../Metrics/Modules'
import type { Beat } from '../Metrics/Pulse'
import type { CrewView } from '../Supervisor/Inquiry'

/** What goes on in a server. */
export interface Status extends CrewView {
  readonly pid: number
  /** Seconds since the start. */
  readonly uptime: number
  /** Whether new clients are welcome: `ready`, or why not. */
  readonly state: string
  /** Bytes of memory that all processes of the server occupy; the embedded store not counted. */
  readonly memory: number
  /** Clients on the public ports of this machine. */
  readonly connections: number
  /** The same by port. */
  readonly ports: Readonly<Record<string, number>>
  readonly store: {
    readonly name: string
    readonly up: boolean
    /** How long it took the last time, for the slowest gateway, in milliseconds; measured every 2 s. */
    readonly latencyMs: number
  }
  readonly modules: Readonly<Record<string, ModuleCounts>>
  /** One beat a second, the latest at the end. */
  readonly lastMinute: readonly Beat[]
}

const MIB = 1024 * 1024

/** The same as MSwoole's console shows it. */
export function describeStatus({ connections, pid, memory }: Status): string {
  return `当前服务器共有 ${connections} 个连接\n主进程PID: ${pid}\n内存占用量: ${(memory / MIB).toFixed(2)}MB\n`
}
