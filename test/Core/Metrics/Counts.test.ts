import { once } from 'node:events'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authString, Client, phone, refused } from '../../support/client'
import { eventually } from '../../support/eventually'
import { MODES } from '../../support/modes'
import { Server } from '../../support/server'
import { tokenOf } from '../Manager/ask'
import { get, Scrape } from './scrape'

const ACTION = 'Count.Kit.'

/** How much a series has grown while something was done; looked at again until it is what is expected. */
async function grown(
  server: Server,
  work: () => Promise<unknown>,
  expected: readonly (readonly [name: string, labels: Readonly<Record<string, string>>, by: number])[],
): Promise<void> {
  const before = await Scrape.of(server)
  await work()
  await eventually(async () => {
    const after = await Scrape.of(server)
    const growth = expected.map(([name, labels]) => [name, labels, after.sum(name, labels) - at(before, name, labels)])
    expect(growth).toEqual(expected)
  })
}

/** An action has no series before its first call. */
function at(scrape: Scrape, name: string, labels: Readonly<Record<string, string>>): number {
  try {
    return scrape.sum(name, labels)
  } catch {
    return 0
  }
}

describe.each(MODES)('what is counted, %s mode', (mode) => {
  let server: Server
  beforeAll(async () => {
    server = await Server.start({ fixture: 'metrics', env: { APP_MODE: mode } })
  })
  afterAll(() => server.stop())

  test('messages and bytes of both directions, heartbeats apart', async () => {
    const client = await Client.connect(server.url())
    const call = JSON.stringify({ method: 'count.kit.ok', callId: 'é' })
    let sent = 0
    await grown(server, async () => {
      for (let n = 0; n < 7; n++) {
        client.send(call)
        await client.next('done')
      }
      client.send('2')
      await eventually(() => expect(client.texts).toContain('3'))
      sent = client.texts.filter((text) => text !== '3').reduce((all, text) => all + Buffer.byteLength(text), 0)
    }, [
      ['mswoole_messages_received_total', {}, 7],
      ['mswoole_received_bytes_total', {}, 7 * Buffer.byteLength(call)],
      ['mswoole_heartbeats_total', {}, 1],
      ['mswoole_messages_sent_total', {}, 14],
    ])
    expect((await Scrape.of(server)).sum('mswoole_sent_bytes_total')).toBe(sent)
    await client.close()
  })

  test('connections by port, opened, and closed by code; a code that a client makes up is no label', async () => {
    const clients = [
      await Client.connect(server.url()),
      await Client.connect(server.url('second')),
      await Client.connect(server.url('second')),
    ]
    await eventually(async () => {
      const scrape = await Scrape.of(server)
      expect(scrape.sum('mswoole_connections', { port: 'main' })).toBe(1)
      expect(scrape.sum('mswoole_connections', { port: 'second' })).toBe(2)
    })
    const closed = 'mswoole_connections_closed_total'
    await grown(server, async () => {
      const [first, second, third] = clients
      await first?.close(4321)
      await second?.close(1000)
      third?.send('no object')
      await third?.closed
      const fourth = await Client.connect(server.url())
      fourth.reset()
    }, [
      ['mswoole_connections_opened_total', {}, 1],
      [closed, { code: 'other' }, 1],
      [closed, { code: '1000' }, 1],
      [closed, { code: '4400' }, 1],
      [closed, { code: '1006' }, 1],
      [closed, {}, 4],
      ['mswoole_calls_unroutable_total', { reason: 'not a JSON object' }, 1],
    ])
    await eventually(async () => expect((await Scrape.of(server)).sum('mswoole_connections')).toBe(0))
  })

  test('handshakes that are refused, by reason', async () => {
    const old = Math.floor(Date.now() / 1000) - 1_000_000
    const series = 'mswoole_handshakes_refused_total'
    await grown(server, async () => {
      await refused(server.url())
      await refused(`${server.url()}?auth=nonsense`)
      await refused(`${server.url()}?auth=nonsense`)
      await refused(`${server.url()}?auth=${authString({ ...phone(), ctime: old })}`)
      const headers = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-key': 'short' }
      await once(request(server.url().replace('ws', 'http'), { headers }).end(), 'response')
    }, [
      [series, { reason: 'missing' }, 1],
      [series, { reason: 'undecodable' }, 2],
      [series, { reason: 'expired' }, 1],
      [series, { reason: 'not a WebSocket handshake' }, 1],
      [series, {}, 5],
    ])
  })

  test('calls by action and outcome, each in the histogram once', async () => {
    const client = await Client.connect(server.url())
    const outcome = (action: string, name: string) =>
      ['mswoole_calls_total', { action: ACTION + action, outcome: name }, 1] as const
    await grown(server, async () => {
      for (const method of ['ok', 'refuse', 'fail', 'walls']) await client.call(`count.kit.${method}`)
      await client.call('count.kit.short', { text: 'much too long' })
      await client.call('count.kit.slow', { ms: 30 })
      await client.call('count.kit.nowhere')
      await client.call('no.where.atAll')
    }, [
      outcome('ok', 'ok'),
      outcome('refuse', 'refused'),
      outcome('fail', 'failed'),
      outcome('walls', 'forbidden'),
      outcome('short', 'invalid'),
      outcome('slow', 'ok'),
      ['mswoole_calls_total', {}, 6],
      ['mswoole_handler_duration_seconds_count', {}, 6],
      ['mswoole_handler_duration_seconds_bucket', { le: '+Inf' }, 6],
      ['mswoole_handler_duration_seconds_bucket', { action: `${ACTION}slow`, le: '0.025' }, 0],
      ['mswoole_calls_unroutable_total', { reason: 'methodNotFound' }, 1],
      ['mswoole_calls_unroutable_total', { reason: 'controllerNotFound' }, 1],
    ])
    const scrape = await Scrape.of(server)
    expect(scrape.sum('mswoole_handler_duration_seconds_sum', { action: `${ACTION}slow` })).toBeGreaterThan(0.025)
    await client.close()
  })

  test('a call that is answered 504 is a timeout, and not one more when it ends at last', async () => {
    const client = await Client.connect(server.url())
    await grown(server, async () => {
      expect(await client.call('count.kit.slow', { ms: 1300 })).toMatchObject({ status: 504 })
      await client.call('count.kit.slow', { ms: 600 }) // the first one has ended by now
    }, [
      ['mswoole_calls_total', { action: `${ACTION}slow`, outcome: 'timeout' }, 1],
      ['mswoole_calls_total', { action: `${ACTION}slow`, outcome: 'ok' }, 1],
      ['mswoole_handler_duration_seconds_count', { action: `${ACTION}slow` }, 2],
    ])
    await client.close()
  })

  test('group sends, and the deliveries that they become', async () => {
    const clients = await Promise.all(Array.from({ length: 5 }, (_, n) => Client.connect(server.url(), phone(`${n}`))))
    for (const client of clients) await client.call('count.kit.join', { group: 'COUNTED' })
    await grown(server, async () => {
      await clients[0]?.call('count.kit.say', { group: 'COUNTED', times: 11 })
      for (const client of clients) await client.next(({ event, info }) => event === 'said' && info === '10')
    }, [
      ['mswoole_broadcasts_total', { audience: 'group' }, 11],
      ['mswoole_deliveries_total', {}, 55],
      ['mswoole_messages_sent_total', {}, 57], // and what the call itself was answered
    ])
    for (const client of clients) await client.close()
  })

  test('messages beyond max_in_flight', async () => {
    const client = await Client.connect(server.url())
    await grown(server, async () => {
      // Long enough that none of them ends before the last one has come.
      for (let n = 0; n < 9; n++) client.send({ method: 'count.kit.slow', ms: 800, callId: n })
      await client.next('tooManyRequests')
      await client.next(({ event, callId }) => event === 'done' && callId === 3)
    }, [
      ['mswoole_messages_refused_total', { reason: 'max_in_flight' }, 5],
      ['mswoole_messages_refused_total', {}, 5],
      ['mswoole_calls_total', { action: `${ACTION}slow`, outcome: 'ok' }, 4],
    ])
    await client.close()
  })

  test('a standstill of an event loop shows for a while', async () => {
    const client = await Client.connect(server.url())
    await client.call('count.kit.block', { ms: 500 })
    await eventually(async () => {
      const delay = (await Scrape.of(server)).sum('mswoole_worker_event_loop_delay_seconds')
      expect(delay).toBeGreaterThan(0.3)
      expect(delay).toBeLessThan(10)
    })
    await client.close()
  })

  test('only who has the token may scrape, and no web page', async () => {
    const authorization = `Bearer ${tokenOf(server.runtime)}`
    const status = async (headers: Record<string, string>) => (await get(server, headers)).status
    expect(await status({})).toBe(401)
    expect(await status({ authorization: 'Bearer wrong' })).toBe(401)
    expect(await status({ authorization, origin: 'http://127.0.0.1' })).toBe(403)
    const answer = await get(server, { authorization })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  })
})

describe('limits', () => {
  test('the rate limit and the limit of an address are told apart', async () => {
    const server = await Server.start({ fixture: 'metrics', env: { TEST_RATE: '1', TEST_PER_IP: '1' } })
    const client = await Client.connect(server.url())
    await grown(server, async () => {
      expect(await refused(`${server.url()}?auth=${authString(phone())}`)).toMatchObject({ status: 429 })
      for (let n = 0; n < 8; n++) client.send({ method: 'count.kit.ok' })
      await client.next('tooManyRequests')
    }, [
      ['mswoole_handshakes_refused_total', { reason: 'too many connections of one address' }, 1],
      ['mswoole_handshakes_refused_total', {}, 1],
      ['mswoole_messages_received_total', {}, 8],
    ])
    const refusedForRate = (await Scrape.of(server)).sum('mswoole_messages_refused_total', { reason: 'rate limit' })
    expect(refusedForRate).toBeGreaterThan(0)
    expect(refusedForRate).toBeLessThanOrEqual(3)
    await server.stop()
  })
})
