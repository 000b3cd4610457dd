import { range } from '../figures'
import type { Machine } from '../machine'
import type { Bar, Claim, Row, Verdict } from '../row'
import { againstTarget, bar } from './chart'
import { escaped } from './html'
import { STYLE } from './style'
import { figureOf, targetOf } from './terminal'

const VERDICTS: Readonly<Record<Verdict, string>> = { met: 'met', 'not met': 'unmet', 'too noisy to judge': 'unsure' }

/** The whole report as one page that needs nothing else. */
export function page(machine: Machine, rows: readonly Row[], seconds: number): string {
  const judged = rows.flatMap(({ claims }) => claims.filter(({ target }) => target !== undefined))
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>mswoole-ts benchmark ${escaped(machine.time)}</title>
<style>${STYLE}</style>
<header>
<h1>mswoole-ts benchmark</h1>
<p class="facts">${facts(machine, seconds).map(escaped).join(' · ')}</p>
${tiles(judged)}
<p>Every server takes its turn in every round, pinned to one core; the load has the other one. A bar is the median of the rounds, the
thin line over it their range. The floor is a bare uWebSockets.js program that does the same job by hand. CPU microseconds each are
server CPU seconds per million calls, deliveries or handshakes.</p>
</header>
<main>
${judged.length === 0 ? '' : targets(rows)}
<h2>All that was measured</h2>
${rows.map(section).join('\n')}
</main>
</html>
`
}

const facts = ({ time, commit, processor, cores, memory, kernel, node, engine }: Machine, seconds: number) => [
  time,
  `commit ${commit}`,
  `${processor}, ${cores} cores, ${memory}`,
  kernel,
  `Node ${node}`,
  engine,
  `measured in ${seconds} s`,
]

function tiles(claims: readonly Claim[]): string {
  const tile = (verdict: Verdict) => {
    const count = claims.filter((claim) => claim.verdict === verdict).length
    return `<div class="tile ${VERDICTS[verdict]}"><b>${count}</b> ${verdict}</div>`
  }
  return claims.length === 0
    ? ''
    : `<div class="tiles">${tile('met')}${tile('not met')}${tile('too noisy to judge')}</div>`
}

/** The table of the issue: every figure that has a target. */
function targets(rows: readonly Row[]): string {
  const lines = rows.flatMap(({ title, claims }) => {
    const judged = claims.filter(({ target }) => target !== undefined)
    return judged.length === 0
      ? []
      : [`<tr class="title"><th colspan="5">${escaped(title)}</th></tr>`, ...judged.map(target)]
  })
  return `<h2>Targets</h2>
<p>The dashed line is the target, in the same place for all.</p>
<div class="scroll"><table class="targets">
<thead><tr><th>what</th><th></th><th>median (range)</th><th>target</th><th></th></tr></thead>
<tbody>
${lines.join('\n')}
</tbody>
</table></div>`
}

function target(claim: Claim): string {
  const verdict = claim.verdict ?? 'too noisy to judge'
  return `<tr><td>${escaped(claim.what)}</td><td class="drawn">${againstTarget(claim)}</td><td class="number">${escaped(figureOf(claim))}</td><td class="number">${escaped(targetOf(claim))}</td><td><span class="badge ${VERDICTS[verdict]}">${verdict}</span></td></tr>`
}

/** One row with everything that belongs to it. */
function section({ name, title, unit, columns, bars, claims, remarks }: Row): string {
  const full = Math.max(...bars.map(({ figure }) => figure.most)) * 1.02
  const told = claims
    .filter((claim) => claim.target === undefined)
    .map((claim) => `<li>${escaped(`${claim.what}: ${figureOf(claim)}`)}</li>`)
  const said = remarks.map((remark) => `<li class="remark">${escaped(remark)}</li>`)
  return `<section>
<h3>${escaped(title)}</h3>
<div class="scroll"><table>
<thead><tr><th></th><th>${escaped(unit)}</th><th>median (range)</th>${columns.map((column) => `<th>${escaped(column)}</th>`).join('')}</tr></thead>
<tbody>
${bars.map((one) => line(one, full, kindOf(one.name, name))).join('\n')}
</tbody>
</table></div>
<ul>${[...told, ...said].join('')}</ul>
</section>`
}

/** What colour a bar has. @param row what `--only` calls it */
function kindOf(bar: string, row: string): 'floor' | 'ours' | 'peer' {
  if (bar.startsWith('floor')) return 'floor'
  return row.startsWith('peers-') && bar !== 'base' && bar !== 'process' ? 'peer' : 'ours'
}

function line({ name, figure, cells }: Bar, full: number, kind: string): string {
  const others = cells.map((cell) => `<td class="number">${escaped(cell)}</td>`).join('')
  return `<tr><td>${escaped(name)}</td><td class="drawn">${bar(figure, full, kind)}</td><td class="number">${escaped(range(figure))}</td>${others}</tr>`
}
