import { expect, test } from 'vitest'
import { type Client, connect, type SocketLike } from '../../Public/static/client.js'
import { measured } from '../Core/Faults/support'
import { eventually } from '../support/eventually'

const CLIENTS = 10_000
const SECONDS = 10
const BUCKET_MS = 100

/** A socket that only does what the test says. */
class Puppet implements SocketLike {
  onopen: unknown
  onmessage: unknown
  onclose: unknown
  onerror: unknown
  send(): void {}
  close(): void {}

  does(handler: 'onopen' | 'onclose', event: object): void {
    const does = this[handler]
    if (typeof does === 'function') does(event)
  }
}

/**
 * Lets all clients lose their server at one moment.
 * @returns how many mean to come in each tenth of a second after that; when they do come is a matter of how busy this machine is
 */
async function loseAll(code: number, isBack: boolean): Promise<number[]> {
  let down = false
  const sockets: Puppet[] = []
  const open = () => {
    const socket = new Puppet()
    if (!down) sockets.push(socket)
    if (!down || isBack) queueMicrotask(() => socket.does('onopen', {}))
    else queueMicrotask(() => socket.does('onclose', { code: 1006 }))
    return socket
  }
  const clients: Client[] = Array.from({ length: CLIENTS }, () => connect('ws://nowhere/', { open }))
  for (const client of clients) client.onError(() => {})
  await eventually(() => expect(clients.every(({ state }) => state === 'open')).toBe(true))
  const buckets = Array.from({ length: (SECONDS * 1000) / BUCKET_MS }, () => 0)
  const next = clients.map(() => 0)
  for (const [index, client] of clients.entries()) {
    client.onState((state, { retryIn = 0 }) => {
      if (state !== 'waiting') return
      const at = (next[index] ?? 0) + retryIn
      next[index] = at
      const bucket = Math.floor(at / BUCKET_MS)
      if (bucket < buckets.length) buckets[bucket] = (buckets[bucket] ?? 0) + 1
    })
  }
  down = true
  for (const socket of sockets) socket.does('onclose', { code })
  await eventually(
    () => {
      const early = clients.filter(({ state }, index) => state !== 'open' && (next[index] ?? 0) < SECONDS * 1000)
      expect(early.length).toBe(0)
    },
    6 * SECONDS * 1000,
  )
  for (const client of clients) client.close()
  return buckets
}

test.each([
  ['is back at once', true],
  ['stays away', false],
])('10,000 clients lose a server that %s: no tenth of a second has three times the mean', async (_, isBack) => {
  const buckets = await loseAll(1006, isBack)
  const mean = buckets.reduce((sum, count) => sum + count, 0) / buckets.length
  const most = Math.max(...buckets)
  measured('10,000 clients come back', { mean: Math.round(mean), most, ratio: Number((most / mean).toFixed(2)) })
  expect(mean).toBeGreaterThanOrEqual(CLIENTS / buckets.length) // all have tried
  expect(most).toBeLessThan(3 * mean)
})

test('a restart (1012) spreads the first tries over a second', async () => {
  const buckets = await loseAll(1012, true)
  const first = buckets.slice(0, 1000 / BUCKET_MS)
  expect(first.reduce((sum, count) => sum + count, 0)).toBe(CLIENTS)
  for (const count of first) expect(count).toBeGreaterThan(CLIENTS / 10 / 2)
})
