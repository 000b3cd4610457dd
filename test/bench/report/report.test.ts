import { expect, test } from 'vitest'
import { figure } from '../figures'
import { claim, type Row } from '../row'
import { againstTarget, bar } from './chart'
import { page } from './page'
import { describe, summary } from './terminal'

const machine = {
  time: '2026-01-01T00:00:00.000Z',
  processor: 'CPU <fast>',
  cores: 2,
  memory: '24 GiB',
  kernel: 'Linux',
  node: 'v20',
  engine: 'uWebSockets.js',
  commit: 'abc',
}

const EVIL = `<script>"&'</script>`
const ESCAPED = '&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;'

const row: Row = {
  name: 'call',
  title: `Title ${EVIL}`,
  unit: `unit ${EVIL}`,
  columns: [`column ${EVIL}`],
  bars: [
    { name: 'floor', figure: figure([8, 9, 10]), cells: ['1'] },
    { name: `peer ${EVIL}`, figure: figure([20]), cells: [`cell ${EVIL}`] },
  ],
  claims: [
    claim(`what ${EVIL}`, 'x', figure([1.01, 1.02]), { most: 1.05 }),
    claim('slow', 'x', figure([2, 2.1]), { most: 1.05 }),
    claim('lost', 'calls', figure([0]), { most: 0 }),
    claim(`only told ${EVIL}`, 'us', figure([3])),
  ],
  remarks: [`remark ${EVIL}`],
  rounds: {},
}

test('nothing that is named gets into the page as anything but text', () => {
  const html = page(machine, [row], 12)
  expect(html).not.toContain('<script')
  expect(html).toContain('CPU &lt;fast&gt;')
  for (const where of ['Title', 'unit', 'column', 'peer', 'cell', 'what', 'only told', 'remark']) {
    expect(html).toContain(`${where} ${ESCAPED}`)
  }
})

test('the page needs nothing from anywhere', () => {
  expect(page(machine, [row], 12)).not.toMatch(/src=|href=|url\(|@import|https?:/)
})

test('the page counts the verdicts, and shows those that have a target only', () => {
  const html = page(machine, [row], 12)
  expect(html).toContain('<b>2</b> met')
  expect(html).toContain('<b>1</b> not met')
  expect(html).toContain('<b>0</b> too noisy to judge')
  expect(html.match(/class="badge/g)).toHaveLength(3)
  expect(page(machine, [{ ...row, claims: [] }], 12)).not.toContain('<h2>Targets')
})

test('target lines stand below each other, whatever the scale', () => {
  const targets = [claim('a', 'x', figure([1]), { most: 1.05 }), claim('b', 'bytes', figure([900]), { most: 1024 })]
  for (const one of targets) expect(againstTarget(one)).toContain('class="target" x1="60.00%"')
})

test('what is beyond the edge is cut, and what was not measured is not drawn', () => {
  expect(againstTarget(claim('a', 'x', figure([99]), { most: 1 }))).toContain('width="100.00%"')
  expect(bar(figure([-5]), 10, 'ours')).toContain('width="0.00%"')
  expect(bar(figure([]), Number.NaN, 'ours')).not.toContain('NaN')
})

test('the terminal gets every bar, every claim and the verdicts', () => {
  const text = describe(row)
  expect(text).toContain('9.00 (8.00-10.0)')
  expect(text).toContain('slow: 2.05 (2.00-2.10) x, target at most 1.05 x: not met')
  expect(summary([row]).split('\n')).toHaveLength(4)
  expect(summary([{ ...row, claims: [] }])).toBe('')
})
