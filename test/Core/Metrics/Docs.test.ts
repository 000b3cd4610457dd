import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { gatewayCounts } from '../../../Core/Metrics/GatewayCounts'
import { Handling } from '../../../Core/Metrics/Handling'
import { supervisorCounts } from '../../../Core/Metrics/SupervisorCounts'
import { workerCounts } from '../../../Core/Metrics/WorkerCounts'
import { Client } from '../../support/client'
import { blocks, tableUnder } from '../../support/markdown'
import { Server } from '../../support/server'
import { Scrape } from './scrape'

const page = readFileSync('docs/metrics.md', 'utf8')
const dashboard: unknown = JSON.parse(readFileSync('docs/grafana.json', 'utf8'))

let server: Server
let scrape: Scrape
beforeAll(async () => {
  server = await Server.start({ fixture: 'metrics' })
  const client = await Client.connect(server.url())
  await client.call('count.kit.ok')
  scrape = await Scrape.of(server)
  await client.close()
})
afterAll(() => server.stop())

const documented = ['Server', 'Gateways', 'Workers']
  .flatMap((heading) => tableUnder(page, heading))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, name = '', type = '', labels = '', , meaning = '']) => ({
    name: name.replaceAll('`', ''),
    type,
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label).sort(),
    meaning,
  }))

test('docs/metrics.md names exactly the metrics that are served: name, type, labels, in their order', () => {
  const served = [...scrape.families].map(([name, { type, labels }]) => ({ name, type, labels: [...labels].sort() }))
  expect(documented.map(({ name, type, labels }) => ({ name, type, labels }))).toEqual(served)
})

test('every metric has a value from the start, but for actions that nobody has called', () => {
  expect([...scrape.families].filter(([, { samples }]) => samples === 0)).toEqual([])
})

test('the names follow the conventions of Prometheus', () => {
  for (const [name, { type, help }] of scrape.families) {
    expect(name).toMatch(/^mswoole_[a-z_]+$/)
    expect(name.endsWith('_total'), name).toBe(type === 'counter')
    expect(help.length, name).toBeGreaterThan(10)
  }
})

test('docs/metrics.md names every reason, outcome and audience', () => {
  const { handshakesRefused, broadcasts, dropped, refused } = gatewayCounts
  const { reloads, restarts, workersReplaced } = supervisorCounts
  const kinds: readonly (readonly [metric: string, kinds: object])[] = [
    ['mswoole_handshakes_refused_total', handshakesRefused],
    ['mswoole_broadcasts_total', broadcasts],
    ['mswoole_messages_dropped_total', dropped],
    ['mswoole_messages_refused_total', refused],
    ['mswoole_reloads_total', reloads],
    ['mswoole_restarts_total', restarts],
    ['mswoole_workers_replaced_total', workersReplaced],
    ['mswoole_calls_total', new Handling().outcomes],
    ['mswoole_calls_unroutable_total', workerCounts.unroutable],
    ['mswoole_worker_messages_dropped_total', workerCounts.dropped],
  ]
  for (const [metric, counts] of kinds) {
    const meaning = documented.find(({ name }) => name === metric)?.meaning ?? ''
    for (const kind of Object.keys(counts)) expect(meaning, metric).toContain(`\`${kind}\``)
  }
})

/** Names of metrics in a query, as they stand there. */
const named = (text: string) => [...text.matchAll(/\bmswoole_\w+/g)].map(([name]) => name)

/** Whether a query may ask for this: of a histogram there are three kinds of series. */
function isServed(name: string): boolean {
  const [, base = ''] = /^(\w+)_(?:bucket|sum|count)$/.exec(name) ?? []
  const type = scrape.families.get(name)?.type
  return type === undefined ? scrape.families.get(base)?.type === 'histogram' : type !== 'histogram'
}

test('the dashboard asks for metrics that are served, and leaves out but the generation and the uptime of gateways', () => {
  const names = new Set(named(JSON.stringify(dashboard)))
  expect([...names].filter((name) => !isServed(name))).toEqual([])
  const used = new Set([...names].map((name) => name.replace(/_bucket$/, '')))
  const left = [...scrape.families.keys()].filter((name) => !used.has(name))
  expect(left).toEqual(['mswoole_generation', 'mswoole_gateway_uptime_seconds'])
})

test('the labels by which the dashboard and the alerts choose are labels of those metrics', () => {
  const queries = [JSON.stringify(dashboard).replaceAll('\\"', '"'), ...blocks(page, 'yaml')].join('\n')
  const chosen = [...queries.matchAll(/\b(mswoole_\w+)\{([^}]*)\}/g)]
  expect(chosen.length).toBeGreaterThan(30)
  for (const [, name = '', list = ''] of chosen) {
    const labels = [...list.matchAll(/(\w+)(?:=~|!=|!~|=)"/g)].map(([, label = '']) => label)
    const own = scrape.families.get(name.replace(/_bucket$/, ''))?.labels
    const strange = labels.filter((label) => !['job', 'instance'].includes(label) && !own?.has(label))
    expect(strange, name).toEqual([])
  }
})

test('the alerts of docs/metrics.md ask for metrics that are served', () => {
  const [, alerts = ''] = blocks(page, 'yaml')
  expect(named(alerts).length).toBeGreaterThan(8)
  expect(named(alerts).filter((name) => !isServed(name))).toEqual([])
})
