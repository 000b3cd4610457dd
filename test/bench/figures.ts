/** A figure over all rounds. */
export interface Figure {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** A round in which nothing was counted has no value (0 / 0), and is left out. @returns NaN for no values at all */
export function figure(values: readonly number[]): Figure {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const at = (index: number) => sorted[index] ?? Number.NaN
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    least: at(0),
    most: at(sorted.length - 1),
  }
}

/** How far apart the rounds are, as a share of their median. */
export const spread = ({ median, least, most }: Figure) => (most - least) / median

/** As many digits as say something: 0.93, 8.71, 24.3, 612; a dash for what was not measured. */
export const short = (value: number) =>
  Number.isNaN(value) ? '-' : value.toFixed(Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0)

export const range = ({ median, least, most }: Figure) => `${short(median)} (${short(least)}-${short(most)})`

export const percent = ({ median }: Figure) => `${(median * 100).toFixed(0)}%`
