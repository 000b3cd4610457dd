import type { CrewView } from '../Supervisor/Inquiry'

/** What goes on in a server. */
export interface Status extends CrewView {
  readonly pid: number
  /** Seconds since the start. */
  readonly uptime: number
  /** Bytes of memory that all processes of the server occupy; the embedded store not counted. */
  readonly memory: number
  /** Clients on the public ports of this machine. */
  readonly connections: number
  /** The same by port. */
  readonly ports: Readonly<Record<string, number>>
  readonly store: string
}

const MIB = 1024 * 1024

/** The same as MSwoole's console shows it. */
export function describeStatus({ connections, pid, memory }: Status): string {
  return `当前服务器共有 ${connections} 个连接\n主进程PID: ${pid}\n内存占用量: ${(memory / MIB).toFixed(2)}MB\n`
}
