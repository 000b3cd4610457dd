import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { instanceOf } from '../../../Core/Record/Keys'
import { Client, phone } from '../../support/client'
import { eventually } from '../../support/eventually'
import { Load } from '../../support/load'
import { Server } from '../../support/server'
import { type Counted, count, processes } from '../Faults/support'

export const GATEWAYS = 2

/** A server with two gateways and two workers. */
export const startCrew = (env: Readonly<Record<string, string>> = {}) =>
  Server.start({ fixture: 'faults', env: { APP_MODE: 'process', APP_GATEWAYS: `${GATEWAYS}`, ...env } })

/** Pids of the gateways, those that are starting included. */
export const gatewaysOf = (server: Server) => childrenOf(server, '/Gateway/main.js')

const childrenOf = (server: Server, entry: string) =>
  processes().flatMap(({ pid, parent, command }) =>
    parent === server.process.pid && command.endsWith(entry) ? pid : [],
  )

export interface Placed extends Counted {
  readonly client: Client
  /** Of the gateway that holds it. */
  readonly instance: number
}

/** Clients, and who holds and serves each. The system spreads them over the gateways. */
export function connectMany(server: Server, clients: number): Promise<Placed[]> {
  return Promise.all(
    Array.from({ length: clients }, async (_, index) => {
      const client = await Client.connect(server.url(), phone(`many${index}`))
      const counted = await count(client)
      return { ...counted, client, instance: instanceOf(counted.fd) }
    }),
  )
}

export const closeAll = (clients: readonly Placed[]) =>
  Promise.all(clients.flatMap(({ client }) => (client.socket.readyState === client.socket.OPEN ? client.close() : [])))

export const instancesOf = (clients: readonly Placed[]) => new Set(clients.map(({ instance }) => instance))

/** How many listen on a port of this machine. A process that was killed does until its last thread has ended. */
function listenersAt(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A `
  return readFileSync('/proc/net/tcp', 'utf8').split(local).length - 1
}

/**
 * A load on one gateway alone: the other one is killed, and is not replaced before all have connected.
 * @returns the load, and the pid of the gateway that holds none of it
 */
export async function loadOnOneGateway(server: Server): Promise<{ load: Load; other: number }> {
  const [keeps = 0, goes = 0] = gatewaysOf(server)
  server.process.kill('SIGSTOP')
  let load: Load
  try {
    process.kill(goes, 'SIGKILL')
    await eventually(() => expect(listenersAt(server.port())).toBe(1)) // who connects now meets the other one
    load = await Load.connect({
      url: server.url(),
      clients: 20,
      inFlight: 2,
      method: 'fault.work.count',
      data: () => ({ ms: 10 }),
    })
  } finally {
    server.process.kill('SIGCONT')
  }
  await gatewayReplaced(server)
  const other = gatewaysOf(server).find((pid) => pid !== keeps)
  if (other === undefined) throw new Error('the gateway that was killed was not replaced')
  return { load, other }
}

export const gatewayReplaced = (server: Server) => server.logged(({ msg }) => msg === 'a new gateway serves')
