import { type Figure, spread } from './figures'

/** What a figure should be. */
export type Target = { readonly most: number } | { readonly least: number }

export type Verdict = 'met' | 'not met' | 'too noisy to judge'

/** Rounds that are further apart than this, as a share of their median, say that the machine had other things to do. */
export const NOISY = 0.15

/** Share of the machine beyond which it was not ours to measure on. */
const CONTESTED = 0.1

/** What is promised of a row: a figure, and what it should be. */
export interface Claim {
  readonly what: string
  readonly unit: string
  readonly figure: Figure
  /** undefined: it is only told. */
  readonly target: Target | undefined
  readonly verdict: Verdict | undefined
}

/** A server, or a state of it, with what was measured. */
export interface Bar {
  readonly name: string
  readonly figure: Figure
  /** As many as the row has columns. */
  readonly cells: readonly string[]
}

/** Servers that were measured in turn, and what follows. */
export interface Row {
  /** What `--only` calls it. */
  readonly name: string
  readonly title: string
  /** Of the bars. */
  readonly unit: string
  readonly columns: readonly string[]
  readonly bars: readonly Bar[]
  readonly claims: readonly Claim[]
  readonly remarks: readonly string[]
  /** All that was measured, by bar. */
  readonly rounds: Readonly<Record<string, readonly unknown[]>>
}

/**
 * One rule for all rows: the median counts; but where the rounds are on both sides of the target, and they or those of the reference (the
 * floor, mostly) are so far apart that the machine had other things to do, there is no verdict.
 */
export function judge(figure: Figure, target: Target, reference: Figure = figure): Verdict {
  const meets = (value: number) => ('most' in target ? value <= target.most : value >= target.least)
  const certain = meets(figure.least) === meets(figure.most)
  const quiet = [figure, reference].every((each) => spread(each) <= NOISY)
  if (!certain && !quiet) return 'too noisy to judge'
  return meets(figure.median) ? 'met' : 'not met'
}

/** @param reference see `judge` */
export function claim(what: string, unit: string, figure: Figure, target?: Target, reference?: Figure): Claim {
  return { what, unit, figure, target, verdict: target && judge(figure, target, reference) }
}

/** The row as it may be told. @param others share of the machine that other programs had while it was measured */
export function told(row: Row, others: number): Row {
  if (others <= CONTESTED) return row
  const share = `${(others * 100).toFixed(0)}%`
  return {
    ...row,
    claims: row.claims.map((one) => (one.verdict ? { ...one, verdict: 'too noisy to judge' } : one)),
    remarks: [...row.remarks, `Other programs had ${share} of the machine. Run it again when it is quiet.`],
  }
}
