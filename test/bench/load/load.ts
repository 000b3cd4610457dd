import { Crew, type CrewOptions } from './crew'
import { Crowd, type CrowdOptions } from './crowd'
import type { Watched, Window } from './meter'
import { Storm, type StormOptions } from './storm'

/** What the connections of a fleet do. */
export type FleetOptions =
  | ({ readonly does: 'call' } & CrewOptions)
  | ({ readonly does: 'listen' } & CrowdOptions)
  | ({ readonly does: 'knock' } & StormOptions)

/** Times are milliseconds. */
export interface LoadRequest {
  readonly watched: Watched
  readonly warmUp: number
  readonly duration: number
  /** Calls a second of all connections together, or messages to the group; 0: as fast as the answers come. */
  readonly rate: number
}

/** Connections to one server. */
export interface Fleet {
  /** @returns what the server welcomed them with */
  open(): Promise<readonly string[]>
  load(request: LoadRequest): Promise<Window>
  close(): void
}

/** What the load generator is told, and answers: one answer an order. */
export type LoadOrder =
  | { readonly order: 'open'; readonly fleet: string; readonly options: FleetOptions }
  | { readonly order: 'load'; readonly fleet: string; readonly request: LoadRequest }
  | { readonly order: 'close'; readonly fleet: string }

export type LoadAnswer =
  | { readonly window?: Window; readonly welcomes?: readonly string[] }
  | { readonly error: string }

const fleets = new Map<string, Fleet>()

async function obey(message: LoadOrder): Promise<LoadAnswer> {
  if (message.order === 'open') {
    const fleet = make(message.options)
    fleets.set(message.fleet, fleet)
    return { welcomes: await fleet.open() }
  }
  const fleet = fleets.get(message.fleet)
  if (fleet === undefined) throw new Error(`there is no ${message.fleet}`)
  if (message.order === 'load') return { window: await fleet.load(message.request) }
  fleet.close()
  fleets.delete(message.fleet)
  return {}
}

function make(options: FleetOptions): Fleet {
  switch (options.does) {
    case 'call':
      return new Crew(options)
    case 'listen':
      return new Crowd(options)
    case 'knock':
      return new Storm(options)
  }
}

process.on('message', (message: LoadOrder) => {
  obey(message).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())
