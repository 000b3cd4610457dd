import type { Redis } from 'ioredis'
import { expect } from 'vitest'
import type { Client } from '../../support/client'
import { eventually } from '../../support/eventually'
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

/** Waits until nothing in Redis speaks of these connections any more. @param sets keys that they stood in */
export function offRecord(store: Redis, fds: readonly number[], sets: readonly string[] = [], deadlineMs?: number) {
  return eventually(async () => {
    for (const fd of fds) {
      for (const key of [...sets, ...(await store.keys('WEBSOCKET_INSTANCE_*_FDS'))]) {
        expect(await store.sismember(key, fd), `${fd} in ${key}`).toBe(0)
      }
      expect(await store.exists(`WEBSOCKET_FdController_${fd}`, `WEBSOCKET_FdCloseSetKey_${fd}`)).toBe(0)
      expect(await store.hexists('WEBSOCKET_FDINFO', `${fd}`)).toBe(0)
      expect(await store.hvals('WEBSOCKET_UIDTOFD')).not.toContain(`${fd}`)
      for (const key of await store.keys('WEBSOCKET_USERFDS_*'))
        expect(await store.zscore(key, `${fd}`), key).toBeNull()
    }
  }, deadlineMs)
}
