import { range, short } from '../figures'
import type { Claim, Row, Target } from '../row'

const NAME = 24
const FIGURE = 22

/** A row as it comes. */
export function describe({ title, unit, columns, bars, claims, remarks }: Row): string {
  const cells = (texts: readonly string[]) => texts.map((text, index) => text.padStart(width(columns[index]))).join('')
  return [
    '',
    title,
    `  ${''.padEnd(NAME)}${unit.padStart(FIGURE)}${cells(columns)}`,
    ...bars.map((bar) => `  ${bar.name.padEnd(NAME)}${range(bar.figure).padStart(FIGURE)}${cells(bar.cells)}`),
    ...claims.map(
      (one) => `  ${one.what}: ${figureOf(one)}${one.verdict ? `, target ${targetOf(one)}: ${one.verdict}` : ''}`,
    ),
    ...remarks.map((remark) => `  ${remark}`),
  ].join('\n')
}

const width = (column = '') => Math.max(9, column.length + 2)

/** All that has a target. */
export function summary(rows: readonly Row[]): string {
  const lines = rows.flatMap(({ title, claims }) => {
    const told = claims.filter(({ target }) => target !== undefined)
    return told.length === 0
      ? []
      : [
          title,
          ...told.map(
            (one) =>
              `  ${one.what.padEnd(58)}${figureOf(one).padStart(28)}${targetOf(one).padStart(20)}  ${one.verdict}`,
          ),
        ]
  })
  return lines.join('\n')
}

export const figureOf = ({ figure, unit }: Claim) => `${range(figure)} ${unit}`

export function targetOf({ target, unit }: Claim): string {
  return target === undefined ? '' : `${bound(target)} ${unit}`
}

const bound = (target: Target) => ('most' in target ? `at most ${trim(target.most)}` : `at least ${trim(target.least)}`)

const trim = (value: number) => String(Number(short(value)))
