/** What a metric is, for whoever reads it. */
export interface Metric {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
  /** What becomes of the values that several processes have for the same labels. */
  readonly together: 'sum' | 'max'
}

/** One number of a metric. */
export interface Sample {
  readonly metric: Metric
  /** `_bucket`, `_sum`, `_count` of a histogram. */
  readonly suffix?: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Samples of many processes, put together. */
export class Samples {
  readonly #samples = new Map<string, Sample>()

  add(samples: Iterable<Sample>): void {
    for (const sample of samples) {
      const { metric, suffix, labels, value } = sample
      const key = JSON.stringify([metric.name, suffix, labels])
      const other = this.#samples.get(key)?.value
      const together = other === undefined ? value : metric.together === 'sum' ? other + value : Math.max(other, value)
      this.#samples.set(key, { ...sample, value: together })
    }
  }

  /** In the order in which they came. */
  get all(): Iterable<Sample> {
    return this.#samples.values()
  }

  of(metric: Metric): Sample[] {
    return [...this.all].filter((sample) => sample.metric === metric)
  }
}
