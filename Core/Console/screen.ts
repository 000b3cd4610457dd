import type { Status } from '../Manager/Status'
import { duration, mebibytes, milliseconds, sparkline, table } from './table'

/** How much of a line of `graphs` is not the graph: the name and two numbers of up to seven digits. */
const NUMBERS_WIDTH = 40

/** Everything about a server that fits a screen. */
export function screen(status: Status): string[] {
  const { state, uptime, store, ports, modules, memory, pid } = status
  const answers = store.up ? milliseconds(store.latencyMs) : 'does not answer'
  return [
    `${state}, pid ${pid}, up ${duration(uptime)}, ${mebibytes(memory)} in all`,
    `store: ${store.name}, ${answers}`,
    '',
    ...table(processes(status)),
    '',
    ...table([['port', 'connections'], ...Object.entries(ports).map(([name, count]) => [name, String(count)])]),
    ...(Object.keys(modules).length > 0 ? ['', ...table(modulesOf(status))] : []),
  ]
}

/** The last minute as small graphs. @param columns how wide the terminal is; where a minute does not fit, its end is shown */
export function graphs({ lastMinute }: Status, columns: number): string[] {
  if (lastMinute.length === 0) return []
  const width = Math.max(1, columns - NUMBERS_WIDTH)
  const row = (name: string, values: number[], unit = '') => {
    const text = (value = 0) => `${Math.round(value)}${unit}`
    return [name, text(values.at(-1)), text(Math.max(...values)), sparkline(values.slice(-width))]
  }
  return table([
    ['', 'now', 'most', 'last minute'],
    row(
      'messages in/s',
      lastMinute.map(({ received }) => received),
    ),
    row(
      'messages out/s',
      lastMinute.map(({ sent }) => sent),
    ),
    row(
      'connections',
      lastMinute.map(({ connections }) => connections),
    ),
    row(
      'event loop delay',
      lastMinute.map(({ delayMs }) => delayMs),
      ' ms',
    ),
  ])
}

function processes({ gateways, workers }: Status): string[][] {
  const head = ['', 'pid', 'code', 'connections', 'in flight', 'in/s', 'out/s', 'delay', 'memory', 'up']
  return [
    head,
    ...gateways.map((one) => [
      one.name,
      String(one.pid),
      '',
      String(one.connections),
      String(one.inFlight),
      one.received.toFixed(0),
      one.sent.toFixed(0),
      ...rest(one),
    ]),
    ...workers.map((one) => [
      `worker ${one.id}`,
      String(one.pid),
      String(one.generation),
      String(one.connections),
      String(one.inFlight),
      one.callsPerSecond.toFixed(0),
      '',
      ...rest(one),
    ]),
  ]
}

const rest = (one: { readonly delayMs: number; readonly memory: number; readonly uptime: number }) => [
  milliseconds(one.delayMs),
  mebibytes(one.memory),
  duration(one.uptime),
]

function modulesOf({ modules }: Status): string[][] {
  const rows = Object.entries(modules).map(([name, { calls, failed, seconds }]) => [
    name,
    String(calls),
    String(failed),
    milliseconds((seconds * 1000) / calls),
  ])
  return [['module', 'calls', 'failed', 'mean'], ...rows]
}
