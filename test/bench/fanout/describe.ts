import { type Figure, noise, range } from '../figures'
import type { FanRow, FanTable } from './measure'

/** Share of a core from which on it counts as full. */
const FULL = 0.9

/** Share of the server's core beyond which it is said that others had it. */
const CONTESTED = 0.1

/** Messages that a member reads at once, from which on it is said. */
const TOGETHER = 1.1

const HEAD = `  ${'CPU s a million deliveries'.padStart(32)}${'redis'.padStart(7)}${'deliveries/s'.padStart(14)}${'p50 ms'.padStart(8)}${'p99 ms'.padStart(8)}  server  load`

export function describe({ title, rows, noisy }: FanTable): string {
  const [first] = rows
  const lines = ['', title, HEAD, ...rows.map(line), ...rows.flatMap(ratio), ...rows.flatMap(remarks)]
  if (noisy && first) lines.push(noise(first.name, first.figures.cpu))
  return lines.join('\n')
}

function line({ name, figures }: FanRow): string {
  const { cpu, store, deliveriesPerSecond, p50, p99, serverBusy, loadBusy } = figures
  const whole = deliveriesPerSecond.median.toFixed(0).padStart(14)
  const ms = (value: Figure) => (value.median / 1000).toFixed(1).padStart(8)
  return `  ${name.padEnd(12)}${range(cpu)}${store.median.toFixed(2).padStart(7)}${whole}${ms(p50)}${ms(p99)}${percent(serverBusy).padStart(8)}${percent(loadBusy).padStart(6)}`
}

function ratio({ name, ratio: over, ratios }: FanRow, _: number, [first]: readonly FanRow[]): string[] {
  if (over === undefined || ratios === undefined) return []
  const rounds = ratios.map((one) => one.toFixed(2)).join(' ')
  return [`  ${name} to ${first?.name}: ${range(over).trim()}, round by round ${rounds}`]
}

function remarks({ name, figures, spread }: FanRow): string[] {
  const { serverBusy, loadBusy, others, messagesARead } = figures
  const lines: string[] = []
  if (spread !== '') lines.push(`  Members of the gateways of ${name}: ${spread}.`)
  if (others.median > CONTESTED) {
    lines.push(`  Other programs had ${percent(others)} of the core of ${name}: deliveries/s and latency say little.`)
  } else if (serverBusy.median + others.median < FULL) {
    const why = loadBusy.median < FULL ? '' : ' The load generator was full.'
    lines.push(`  The load did not fill ${name}: deliveries/s is not all that it can do.${why}`)
  }
  if (messagesARead.median > TOGETHER) {
    lines.push(
      `  A member of ${name} read ${messagesARead.median.toFixed(1)} messages at once: not each had a write of its own.`,
    )
  }
  return lines
}

const percent = (value: Figure) => `${(value.median * 100).toFixed(0)}%`
