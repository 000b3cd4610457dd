import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { gatewayOf, measured, workersOf } from '../Core/Faults/support'
import { eventually } from '../support/eventually'
import { canMakeHosts, Host } from '../support/network'
import { Server } from '../support/server'
import type { Driven, Outcome, Place } from './drivers'

/** Calls of a connection that are inside its worker at most: the default. */
const MAX_IN_FLIGHT = 32

const start = (env: Readonly<Record<string, string>> = {}, host?: Host) =>
  Server.start({ fixture: 'client', env: { APP_MODE: 'process', ...env }, ...(host && { host }) })

const stateOf = async (client: Driven) => (await client.states()).at(-1)?.state
const isOpen = (client: Driven) => eventually(async () => expect(await stateOf(client)).toBe('open'), 60_000)

/** Waits until a client is in this state, later than it was when this began. @returns the detail */
async function becomes(client: Driven, wanted: string, since: number) {
  let found: Awaited<ReturnType<Driven['states']>>[number] | undefined
  await eventually(async () => {
    found = (await client.states()).slice(since).find(({ state }) => state === wanted)
    expect(found?.state).toBe(wanted)
  }, 40_000)
  if (found === undefined) throw new Error(`it never became ${wanted}`)
  return found
}

/** What the client library must do wherever it runs. */
export function clientSuite(make: () => Promise<Place>): void {
  let place: Place
  let server: Server
  let client: Driven
  beforeAll(async () => {
    place = await make()
  })
  afterAll(() => place.end())
  beforeEach(async () => {
    server = await start()
  })
  afterEach(async () => {
    await client.close()
    await server.stop()
  })

  const connected = async (heartbeat?: number) => {
    client = await place.connect({ url: server.url(), joins: true, ...(heartbeat !== undefined && { heartbeat }) })
    await isOpen(client)
  }

  test('a call that is made before there is a connection waits for it; replies, refusals, events and silence are told apart', async () => {
    client = await place.connect({ url: server.url(), joins: true })
    expect(await client.call('chat.room.say', { text: 'hello' })).toMatchObject({ status: 200, event: 'sayDone' })
    await eventually(async () => expect(await client.said()).toEqual(['hello']))
    expect(await client.call('chat.room.forbidden')).toEqual({ failed: 403, event: 'notYours' })
    expect(await client.call('chat.room.nowhere')).toEqual({ failed: 405, event: 'methodNotFound' })
    expect(await client.call('chat.room.silent', {}, 200)).toEqual({ failed: 0, event: 'timeout' })
    expect(client.asked()).toBe(1)
  })

  test('the server is reloaded: nothing is noticed', async () => {
    await connected()
    const before = (await client.states()).length
    const outcomes: Outcome[] = []
    const wait = async () => {
      const outcome = await client.call('chat.room.wait', { ms: 10 })
      outcomes.push(outcome)
      return 'param' in outcome ? outcome.param : undefined
    }
    const old = await wait()
    const reloaded = server.logged(({ msg }) => msg === 'reload: the last old worker has ended', 60_000)
    server.process.kill('SIGHUP')
    let over = false
    reloaded.then(() => (over = true))
    while (!over) await wait()
    expect(await wait()).not.toBe(old)
    await client.call('chat.room.say', { text: 'after' })
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 200, event: 'waited' })
    await eventually(async () => expect(await client.said()).toContain('after'))
    expect((await client.states()).length).toBe(before)
  })

  test('its worker is killed: exactly the calls that were inside fail, at once, and the next ones go on', async () => {
    await connected()
    const first = await client.call('chat.room.wait', { ms: 0 })
    const pid = 'param' in first ? Number(first.param) : 0
    expect(workersOf(server)).toContain(pid)
    const inside = Array.from({ length: MAX_IN_FLIGHT }, () => client.call('chat.room.wait', { ms: 60_000 }, 60_000))
    // The gateway refuses the next one when it has passed all of these on.
    expect(await client.call('chat.room.wait', { ms: 0 })).toEqual({ failed: 429, event: 'tooManyRequests' })
    const began = performance.now()
    process.kill(pid, 'SIGKILL')
    for (const outcome of await Promise.all(inside))
      expect(outcome).toEqual({ failed: 503, event: 'serviceUnavailable' })
    measured('calls inside a worker that was killed', { toldMs: Math.round(performance.now() - began) })
    // A call waits 5 s for the next worker; a slow machine may take longer to start one.
    await server.logged(({ msg }) => msg === 'a new worker serves', 60_000)
    expect(await client.call('chat.room.wait', { ms: 0 })).toMatchObject({ status: 200 })
    expect(await stateOf(client)).toBe('open')
  })

  test('its gateway is killed: it comes back, and is in its room again', async () => {
    await connected()
    const before = (await client.states()).length
    const lost = client.call('chat.room.wait', { ms: 5000 })
    process.kill(gatewayOf(server), 'SIGKILL')
    expect(await lost).toEqual({ failed: 0, event: 'connectionLost' })
    expect(await becomes(client, 'waiting', before)).toMatchObject({ code: 1006 })
    expect(await client.call('chat.room.say', { text: 'again' }, 60_000)).toMatchObject({ event: 'sayDone' })
    await eventually(async () => expect(await client.said()).toEqual(['again']))
    // Whose handshake fails, because the next gateway does not listen yet, asks for another auth string.
    const states = (await client.states()).map(({ state }) => state)
    const failed = states.filter((state, index) => state === 'waiting' && states[index - 1] === 'connecting')
    expect(client.asked()).toBe(1 + failed.length)
  })

  test('the gateway stands still for 20 s: found within one heartbeat, tried again, and back', async () => {
    await connected(3000)
    const before = (await client.states()).length
    const gateway = gatewayOf(server)
    process.kill(gateway, 'SIGSTOP')
    const stopped = Date.now()
    const { code, at } = await becomes(client, 'waiting', before)
    measured('a gateway that stands still', { heartbeatMs: 3000, foundMs: at - stopped })
    expect(code).toBe(4408)
    await new Promise((resolve) => setTimeout(resolve, 20_000 - (Date.now() - stopped))) // what is tested
    process.kill(gateway, 'SIGCONT')
    expect(await client.call('chat.room.say', { text: 'awake' }, 60_000)).toMatchObject({ event: 'sayDone' })
  }, 180_000)

  test('it is kicked: it does not come back', async () => {
    await connected()
    const before = (await client.states()).length
    const kick = client.call('chat.room.kick', { closeCode: 4403, reason: 'be gone' })
    expect(await becomes(client, 'closed', before)).toMatchObject({ code: 4403, reason: 'be gone' })
    expect(['closed', 'connectionLost']).toContain((await kick).event)
    expect(await client.call('chat.room.say', { text: 'me?' })).toEqual({ failed: 0, event: 'closed' })
  })

  test('its auth has expired: it asks for a new one, once, and is back', async () => {
    await connected()
    const before = (await client.states()).length
    client.call('chat.room.kick', { closeCode: 4401, reason: 'expired' })
    expect(await becomes(client, 'waiting', before)).toMatchObject({ code: 4401 })
    await becomes(client, 'open', before)
    expect(client.asked()).toBe(2)
    expect(await client.call('chat.room.say', { text: 'renewed' })).toMatchObject({ event: 'sayDone' })
  })

  test('the server restarts and says so (1012): it is back at once', async () => {
    const base = await start({ APP_MODE: 'base' })
    client = await place.connect({ url: base.url(), joins: true })
    await isOpen(client)
    const before = (await client.states()).length
    base.process.kill('SIGHUP') // where gateway and worker are one process, a reload is a restart
    const { code, retryIn } = await becomes(client, 'waiting', before)
    expect(code).toBe(1012)
    expect(retryIn).toBeLessThan(1000)
    expect(await client.call('chat.room.say', { text: 'back' }, 60_000)).toMatchObject({ event: 'sayDone' })
    await eventually(async () => expect(await client.said()).toEqual(['back']))
    await base.stop()
  })

  test.skipIf(!canMakeHosts)(
    'its network loses every packet: found within one heartbeat, and back',
    async () => {
      const host = new Host()
      const far = await start({}, host)
      client = await place.connect({ url: far.url(), joins: true, heartbeat: 3000 })
      await isOpen(client)
      const before = (await client.states()).length
      host.cut(far.port())
      const cut = Date.now()
      const { code, at } = await becomes(client, 'waiting', before)
      measured('a network that loses every packet', { heartbeatMs: 3000, foundMs: at - cut })
      expect(code).toBe(4408)
      host.mend()
      expect(await client.call('chat.room.say', { text: 'mended' }, 60_000)).toMatchObject({ event: 'sayDone' })
      await client.close()
      client = await place.connect({ url: server.url() })
      await far.stop()
      host.remove()
    },
    180_000,
  )
}
