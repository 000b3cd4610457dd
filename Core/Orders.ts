import type { AppConfig, CacheConfig } from '../Library/Config/Schema'

/** What a process needs to start: everything that the supervisor has found out, as data. */
export interface Boot {
  /** The folder of the compiled project, which holds App/ and Config/. */
  readonly root: string
  /** The folder of what is written at run time. */
  readonly runtime: string
  readonly config: AppConfig
  readonly cache: CacheConfig
  /** The store that ends with the supervisor; undefined: a Redis of one's own. */
  readonly embedded: boolean
}

/** From the supervisor to a process. */
export type Order = { readonly order: 'boot'; readonly boot: Boot } | { readonly order: 'stop' }

/** From a process to the supervisor. */
export type Report =
  | { readonly report: 'ready'; readonly engine: string; readonly ports: Readonly<Record<string, number>> }
  /** The process cannot start; `message` is for people. */
  | { readonly report: 'failed'; readonly message: string }

export const isOrder = (message: unknown): message is Order => has(message, 'order')
export const isReport = (message: unknown): message is Report => has(message, 'report')

function has(message: unknown, field: string): boolean {
  return typeof message === 'object' && message !== null && field in message
}
