import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { MODES } from '../../support/modes'
import type { Server } from '../../support/server'
import { does, fdOf, offRecord, startLife } from './life'

/** What all hooks of one close may take together, in milliseconds. */
const HOOKS_MS = 5000

describe.each(MODES)('the onClose hooks of a connection, %s mode', (mode) => {
  let server: Server
  let store: Redis
  let other: Client
  beforeAll(async () => {
    server = await startLife(mode, { TEST_TIMEOUT: '12' })
    store = server.store()
    other = await Client.connect(server.url(), phone('other'))
  })
  afterAll(async () => {
    await other.close()
    store.disconnect()
    await server.stop()
  })

  /** A connection in LIFE_ROOM that wants these controllers told. */
  async function victimOf(...controllers: string[]): Promise<{ victim: Client; fd: number }> {
    const victim = await Client.connect(server.url(), phone('victim'))
    const fd = await fdOf(victim)
    await does(other, 'fdJoin', fd, 'LIFE_ROOM')
    for (const name of controllers) await does(other, 'fdAddController', fd, name)
    return { victim, fd }
  }

  const told = (fd: number, name: string, deadlineMs?: number) =>
    server.logged(({ msg, fd: who }) => msg === `${name} was told` && who === fd, deadlineMs)
  const place = (fd: number, text: string) => server.log.all.findIndex(({ msg, fd: who }) => msg === text && who === fd)

  test.concurrent('one that throws, rejects or is not there does not stop the rest', async () => {
    const { victim, fd } = await victimOf(
      'Closing.Throws',
      'Closing.Rejects',
      'Closing.Nobody',
      'Life.Turns',
      'nonsense',
      'Closing.Records',
    )
    await victim.close()
    expect(await told(fd, 'Records')).toMatchObject({ stillMember: true })
    for (const name of ['Throws', 'Rejects']) {
      await told(fd, name)
      await server.logged(({ msg, action }) => msg === 'an action failed' && action === `Closing.${name}.onClose`)
    }
    for (const name of ['Closing.Nobody', 'Life.Turns', 'nonsense']) {
      await server.logged(({ controller, fd: who }) => controller === name && who === fd)
    }
    await offRecord(store, [fd], ['LIFE_ROOM'])
  })

  test.concurrent('one that hangs costs five seconds: then the record is clean, and the rest is told', async () => {
    const { victim, fd } = await victimOf('Closing.Hangs', 'Closing.Records')
    const began = performance.now()
    await victim.close()
    await told(fd, 'Hangs')
    expect(await store.sismember('LIFE_ROOM', fd)).toBe(1)
    await offRecord(store, [fd], ['LIFE_ROOM'], HOOKS_MS + 10_000)
    expect(performance.now() - began).toBeGreaterThan(HOOKS_MS - 100)
    await server.logged(({ msg, fd: who }) => msg === 'onClose hooks were given up' && who === fd)
    await told(fd, 'Records')
  })

  test.concurrent('they come after the call that was running', async () => {
    const { victim, fd } = await victimOf('Closing.Records')
    const { victim: second, fd: secondFd } = await victimOf('Closing.Records')
    victim.send({ method: 'life.turns.hold', gate: 'closing' })
    victim.send({ method: 'life.turns.hold', gate: 'closing' }) // waits, and never begins
    await victim.next('holding')
    await victim.close()
    await second.close()
    await told(secondFd, 'Records') // the close of the first has long arrived
    expect(place(fd, 'Records was told')).toBe(-1)
    await other.call('life.turns.open', { gate: 'closing' })
    await told(fd, 'Records')
    expect(place(fd, 'hold goes on')).toBeGreaterThan(-1)
    expect(place(fd, 'hold goes on')).toBeLessThan(place(fd, 'Records was told'))
    await offRecord(store, [fd], ['LIFE_ROOM'])
    expect(server.log.all.filter(({ msg, fd: who }) => msg === 'hold goes on' && who === fd)).toHaveLength(1)
  })

  test.concurrent('the signal of the call that was running is aborted', async () => {
    const watcher = await Client.connect(server.url(), phone('watcher'))
    const { victim } = await victimOf()
    victim.send({ method: 'life.faults.watches', watcher: await fdOf(watcher) })
    await watcher.next('watching')
    await victim.close()
    await watcher.next('aborted', 10_000) // before its time is over
    await watcher.close()
  })

  test.concurrent('also if it asks for its signal only then', async () => {
    const watcher = await Client.connect(server.url(), phone('late watcher'))
    const { victim } = await victimOf()
    const { victim: second, fd: secondFd } = await victimOf('Closing.Records')
    victim.send({ method: 'life.faults.watchesLate', watcher: await fdOf(watcher), gate: 'ask' })
    await watcher.next('watching')
    await victim.close()
    await second.close()
    await told(secondFd, 'Records')
    await watcher.call('life.turns.open', { gate: 'ask' })
    expect(await watcher.next('asked')).toMatchObject({ param: true })
    await watcher.close()
  })
})
