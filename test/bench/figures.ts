import type { Window } from './crew'

/** A figure over all rounds. */
export interface Figure {
  readonly median: number
  readonly least: number
  readonly most: number
}

export function figure(values: readonly number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const at = (index: number) => sorted[index] ?? Number.NaN
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    least: at(0),
    most: at(sorted.length - 1),
  }
}

/** A floor whose rounds are further apart than this says that the machine had other things to do. */
export const NOISY = 0.15

/** How far apart the rounds are, as a share of their median. */
export const spread = ({ median, least, most }: Figure) => (most - least) / median

export const range = ({ median, least, most }: Figure) =>
  `${median.toFixed(2)} (${least.toFixed(2)}-${most.toFixed(2)})`.padStart(20)

export function noise(whose: string, value: Figure): string {
  const share = (spread(value) * 100).toFixed(0)
  return `  The machine was too noisy to judge: ${whose}'s own rounds are ${share}% apart. Run it again when it is quiet.`
}

/** The figures of one server in one row of the table. */
export interface Figures {
  /** Server CPU microseconds a call. */
  readonly cpu: Figure
  /** The same by process: of the gateway and the worker in process mode. */
  readonly parts: readonly Figure[]
  readonly callsPerSecond: Figure
  /** Shares of a core: what the server and the load generator used of theirs, and what others had while the server was ready. */
  readonly serverBusy: Figure
  readonly serverWaited: Figure
  readonly loadBusy: Figure
  /** Microseconds. */
  readonly p50: Figure
  readonly p99: Figure
}

export const cpuPerCall = ({ server, calls }: Window) => server.used / calls

export function figuresOf(windows: readonly Window[]): Figures {
  const over = (of: (window: Window) => number) => figure(windows.map(of))
  return {
    cpu: over(cpuPerCall),
    parts: (windows[0]?.parts ?? []).map((_, index) => over(({ parts, calls }) => (parts[index] ?? 0) / calls)),
    callsPerSecond: over(({ calls, seconds }) => calls / seconds),
    serverBusy: over(({ server, seconds }) => server.used / 1e6 / seconds),
    serverWaited: over(({ server, seconds }) => server.waited / 1e6 / seconds),
    loadBusy: over(({ load, seconds }) => load.used / 1e6 / seconds),
    p50: over(({ p50 }) => p50),
    p99: over(({ p99 }) => p99),
  }
}
