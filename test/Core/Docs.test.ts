import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CLOSES, REPLIES } from '../../Core/Errors'
import { tableUnder } from '../support/markdown'

const page = readFileSync('docs/errors.md', 'utf8')

/** The cells of the rows of a table, without code marks. */
const cells = (heading: string) =>
  tableUnder(page, heading).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )

test('docs/errors.md lists the replies of the kernel: event, status, text', () => {
  const replies = Object.entries(REPLIES).map(([event, { status, info }]) => [event, String(status), info])
  expect(cells('Replies').map(([event, status, info]) => [event, status, info])).toEqual(replies)
})

test('docs/errors.md lists the close codes: code, reason, name', () => {
  const closes = Object.entries(CLOSES).map(([name, { code, reason }]) => [String(code), reason, name])
  expect(cells('Close codes').map(([code, reason, name]) => [code, reason, name])).toEqual(closes)
})

test('docs/errors.md says of each when it happens', () => {
  for (const row of [...cells('Replies'), ...cells('Close codes')]) expect(row[3]?.length, row[0]).toBeGreaterThan(10)
})

test('docs/errors.md lists the refused handshakes, as the gateway words them', () => {
  const code = readFileSync('Core/Gateway/Outside.ts', 'utf8')
  const found = [...code.matchAll(/refuse\(response, '(\d+) [^']*', '([^']*)'\)/g)].map(([, ...words]) => words)
  const refused = [...new Map(found.map((words) => [words.join(), words])).values()]
  expect(cells('Handshakes').map(([status, message]) => [status, message])).toEqual([
    ['101', ''],
    ...refused.sort(([one = ''], [other = '']) => one.localeCompare(other)),
  ])
})
