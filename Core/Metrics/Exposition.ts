import type * as PromClient from 'prom-client'
import { METRICS } from './Metrics'
import type { Samples } from './Samples'

/** What a scraper is told of the format. */
export const CONTENT_TYPE: PromClient.PrometheusContentType = 'text/plain; version=0.0.4; charset=utf-8'

/** Loaded at the first scrape: no start should wait for it. */
const promClient = (): typeof PromClient => require('prom-client')

/** Metrics as Prometheus reads them: every one of the table, those without a value by name only. */
export function expose(samples: Samples): Promise<string> {
  const metrics = METRICS.map((metric) => {
    const { name, help, type } = metric
    const values = samples.of(metric).map(({ suffix, labels, value }) => ({
      labels,
      value,
      ...(suffix === undefined ? {} : { metricName: name + suffix }),
    }))
    return { name, help, type, aggregator: 'sum', values }
  })
  // The way from data to a registry: prom-client takes what the processes of a cluster have told.
  return promClient().AggregatorRegistry.aggregate<PromClient.PrometheusContentType>([metrics]).metrics()
}
