import type { Figure } from '../figures'
import type { Claim } from '../row'

const HEIGHT = 20
const MIDDLE = HEIGHT / 2

/** Where the target line of every claim stands, as a share of the width. */
const TARGET_AT = 0.6

/** A bar from nothing to the median, and the range of the rounds over it. @param full the value at the right edge */
export function bar(figure: Figure, full: number, kind: string): string {
  return svg(`${median(figure, full, kind)}${whisker(figure, full)}`)
}

/**
 * The same against a target. Each is drawn to the scale of its own target, so that the target lines of a table stand below each other;
 * what goes beyond the right edge is cut.
 */
export function againstTarget({ figure, target, verdict }: Claim): string {
  const wanted = target === undefined ? figure.median : 'most' in target ? target.most : target.least
  // A target of nothing has no scale of its own.
  const full = wanted > 0 ? wanted / TARGET_AT : Math.max(1, figure.most * 2)
  const at = percent(wanted > 0 ? TARGET_AT : 0)
  const kind = verdict === 'met' ? 'met' : verdict === 'not met' ? 'unmet' : 'unsure'
  const line = `<line class="target" x1="${at}" x2="${at}" y1="0" y2="${HEIGHT}"/>`
  return svg(`${median(figure, full, kind)}${whisker(figure, full)}${line}`)
}

const svg = (inside: string) => `<svg class="chart" width="100%" height="${HEIGHT}" aria-hidden="true">${inside}</svg>`

const median = (figure: Figure, full: number, kind: string) =>
  `<rect class="${kind}" x="0" y="4" width="${share(figure.median, full)}" height="${HEIGHT - 8}" rx="2"/>`

function whisker({ least, most }: Figure, full: number): string {
  const [from, to] = [share(least, full), share(most, full)]
  const end = (at: string) => `<line class="range" x1="${at}" x2="${at}" y1="${MIDDLE - 4}" y2="${MIDDLE + 4}"/>`
  return `<line class="range" x1="${from}" x2="${to}" y1="${MIDDLE}" y2="${MIDDLE}"/>${end(from)}${end(to)}`
}

/** Nothing is drawn beyond the edges, nor where there is no figure. */
const share = (value: number, full: number) => percent(Math.min(1, Math.max(0, value / full)) || 0)

const percent = (value: number) => `${(value * 100).toFixed(2)}%`
