import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { MODES } from '../../support/modes'
import type { Server } from '../../support/server'
import { fdOf, startLife } from './life'

/** Much more than the others are silent between two signs of life, also where the machine is slow. */
const IDLE_MS = 3000

describe.each(MODES)('silence, %s mode', (mode) => {
  let server: Server
  beforeAll(async () => {
    server = await startLife(mode, { TEST_IDLE: `${IDLE_MS / 1000}` })
  })
  afterAll(() => server.stop())

  test('is closed with 4408 even if the server sends all the time; whoever gives a sign of life stays', async () => {
    const [beats, pings, pongs, calls] = await Promise.all(
      ['beats', 'pings', 'pongs', 'calls'].map((id) => Client.connect(server.url(), phone(id))),
    )
    if (!beats || !pings || !pongs || !calls) throw new Error('four were asked for')
    let silent: number | undefined
    const life = setInterval(() => {
      beats.send('2')
      pings.socket.ping()
      pongs.socket.pong()
      if (silent !== undefined) calls.send({ method: 'life.kit.forget', verb: 'to', args: [silent, 'are you there?'] })
    }, 100)
    // Two idle times, measured by those who are silent for one.
    for (let round = 0; round < 2; round++) {
      const began = performance.now()
      const victim = await Client.connect(server.url(), phone('silent'))
      silent = await fdOf(victim)
      expect(await victim.closed).toEqual({ code: 4408, reason: 'silent for too long' })
      expect(performance.now() - began).toBeGreaterThan(IDLE_MS - 50)
      expect(victim.frames.all.filter(({ event }) => event === 'sent').length).toBeGreaterThan(4)
    }
    clearInterval(life)
    for (const client of [beats, pings, pongs, calls]) {
      await fdOf(client)
      await client.close()
    }
    expect(beats.frames.all.length).toBe(2)
    expect(beats.texts.filter((text) => text === '3').length).toBeGreaterThan(10)
  })
})
