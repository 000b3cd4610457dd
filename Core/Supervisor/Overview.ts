import type { Status } from '../Manager/Status'
import { expose } from '../Metrics/Exposition'
import { ledger } from '../Metrics/Ledger'
import { samplesOfServer } from '../Metrics/Metrics'
import { countByModule } from '../Metrics/Modules'
import type { Pulse } from '../Metrics/Pulse'
import { supervisorCounts } from '../Metrics/SupervisorCounts'
import type { CrewView } from './Inquiry'

/** Why new clients are not welcome. */
export type Obstacle = 'starting' | 'stopping' | 'no gateway runs' | 'Redis is away'

/** What stands between the gateways and new clients, as they said a second ago. */
export function obstacleOfGateways(): Obstacle | undefined {
  const gateways = [...ledger.living].flatMap(({ told }) => told.gateway ?? [])
  if (gateways.length === 0) return 'no gateway runs'
  return gateways.every(({ store }) => store.up) ? undefined : 'Redis is away'
}

/** What the supervisor knows beside its processes. */
export interface Surroundings {
  readonly obstacle: Obstacle | undefined
  /** What the store is, for people. */
  readonly store: string
  readonly pulse: Pulse
}

/** The whole server, for people and programs. */
export function overview(crew: CrewView, { obstacle, store, pulse }: Surroundings): Status {
  const { gateways, workers } = crew
  const ports: Record<string, number> = {}
  for (const gateway of gateways) {
    for (const [name, count] of Object.entries(gateway.ports)) ports[name] = (ports[name] ?? 0) + count
  }
  return {
    pid: process.pid,
    uptime: Math.round(process.uptime()),
    state: obstacle ?? 'ready',
    memory: [...gateways, ...workers].reduce((all, { memory }) => all + memory, process.memoryUsage.rss()),
    connections: gateways.reduce((all, { connections }) => all + connections, 0),
    ports,
    store: {
      name: store,
      up: gateways.every((gateway) => gateway.store.up),
      latencyMs: Math.max(0, ...gateways.map((gateway) => gateway.store.latencyMs)),
    },
    modules: countByModule(ledger.total().all),
    lastMinute: pulse.beats,
    gateways,
    workers,
  }
}

/** The same as Prometheus reads it. */
export function exposition({ gateways, workers }: CrewView, obstacle: Obstacle | undefined): Promise<string> {
  const samples = ledger.total()
  samples.add(
    samplesOfServer({
      startedAt: performance.timeOrigin / 1000,
      memory: process.memoryUsage.rss(),
      ready: obstacle === undefined,
      gateways: gateways.length,
      workers: workers.length,
      generation: Math.max(0, ...workers.map(({ generation }) => generation)),
      counts: supervisorCounts,
    }),
  )
  return expose(samples)
}
