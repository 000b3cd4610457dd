import { AggregatorRegistry, type PrometheusContentType } from 'prom-client'
import { METRICS } from './Metrics'
import type { Samples } from './Samples'

/** What a scraper is told of the format. */
export const CONTENT_TYPE = AggregatorRegistry.PROMETHEUS_CONTENT_TYPE

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
  return AggregatorRegistry.aggregate<PrometheusContentType>([metrics]).metrics()
}
