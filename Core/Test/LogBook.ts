import { divertLog } from '../../Library/Log/Log'
import { isObject } from '../Wire/Protocol'

/** What the server logged. */
export interface Logged {
  readonly level: 'warn' | 'error' | 'fatal'
  readonly msg: string
  /** The connection that it was about. */
  readonly fd?: number
  /** `Module.Controller.method` */
  readonly action?: string
  /** What was thrown, with its stack. */
  readonly err?: { readonly type: string; readonly message: string; readonly stack: string }
  readonly [field: string]: unknown
}

const LEVELS = ['warn', 'error', 'fatal']

/** Keeps what the server logs at warn and above. */
export class LogBook {
  readonly lines: Logged[] = []
  /** Gives the log back to the process. */
  readonly close: () => void

  /** @param print whether errors are also printed, on standard error */
  constructor(print: boolean) {
    this.close = divertLog('warn', (line) => {
      const logged: unknown = JSON.parse(line)
      if (!isLogged(logged)) return
      this.lines.push(logged)
      if (print && logged.level !== 'warn') console.error(describe(logged))
    })
  }

  /** The last error that was logged about a connection. */
  lastError(fd: number): Logged | undefined {
    return this.lines.findLast((line) => line.fd === fd && line.level !== 'warn')
  }
}

/** For people: what happened, where, and the stack. */
export function describe({ level, msg, fd, action, err }: Logged): string {
  const where = [action, fd === undefined ? undefined : `fd ${fd}`].filter((part) => part !== undefined)
  return [`[${level}] ${msg}${where.length > 0 ? ` (${where.join(', ')})` : ''}`, err?.stack].filter(Boolean).join('\n')
}

const isLogged = (line: unknown): line is Logged =>
  isObject(line) && typeof line.msg === 'string' && LEVELS.includes(String(line.level))
