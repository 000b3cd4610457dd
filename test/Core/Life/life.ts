import type { Client } from '../../support/client'
import { Server } from '../../support/server'

/** A server of the fixture `life`. */
export const startLife = (mode: string, env: Readonly<Record<string, string>> = {}): Promise<Server> =>
  Server.start({ fixture: 'life', env: { APP_MODE: mode, ...env } })

/** The fd of a client. */
export async function fdOf(client: Client): Promise<number> {
  const { param } = await client.call('life.turns.who')
  return Number(Object(param).fd)
}

/** Lets the server do one thing that an `App` can do. @returns its result @throws Error when it fails */
export async function does(client: Client, verb: string, ...args: (string | number)[]): Promise<unknown> {
  const { event, info, param } = await client.call('life.kit.do', { verb, args })
  if (event === 'done') return param
  throw new Error(`${verb} was answered ${event} ${info}`)
}

/** The events that a client got, in order, acknowledgements included. */
export const eventsOf = (client: Client): string[] => client.frames.all.map(({ event }) => event)
