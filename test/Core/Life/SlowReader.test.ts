import { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, phone } from '../../support/client'
import { MODES } from '../../support/modes'
import type { Server } from '../../support/server'
import { does, fdOf, startLife } from './life'

/** What the kernels of both sides may hold of a connection, and the server's own megabyte, in bytes. */
const BOUND = 30_000_000

describe.each(MODES)('a client that does not read, %s mode', (mode) => {
  let server: Server
  beforeAll(async () => {
    server = await startLife(mode)
  })
  afterAll(() => server.stop())

  function stopReading(client: Client): void {
    const socket: unknown = Reflect.get(client.socket, '_socket')
    if (!(socket instanceof Socket)) throw new Error('this is no client with a socket')
    socket.pause()
  }

  // Groups go by native topics, which buffer small messages and not big ones.
  test.each([
    ['by fd', 50, 10_000, false],
    ['by group, small messages', 500, 1000, true],
    ['by group, big messages', 20, 20_000, true],
  ])(
    '%s: is closed with 4413 after a bounded number of bytes, nobody else waits for it',
    async (_, count, bytes, grouped) => {
      const group = `POURED_${count}`
      const [slow, reader] = await Promise.all([
        Client.connect(server.url('second'), phone('slow')),
        Client.connect(server.url(), phone('reader')),
      ])
      const fd = await fdOf(slow)
      await does(reader, 'fdAddController', fd, 'Closing.Records')
      await does(reader, 'fdJoin', fd, group)
      await does(reader, 'fdJoin', await fdOf(reader), group)
      stopReading(slow)
      let rounds = 0
      // The gateway says when it has closed it: what the hook logs may take its time.
      while ((await does(reader, 'connectionCount', 'second')) === 1) {
        // The reader asks, so that it has read one round when it asks for the next.
        await does(reader, 'pour', grouped ? group : fd, count, bytes)
        rounds++
        expect(rounds * count * bytes).toBeLessThan(BOUND)
      }
      const told = await server.logged(({ msg, fd: who }) => msg === 'Records was told' && who === fd)
      expect(told).toMatchObject({ told: { closeCode: 4413 } })
      expect(await does(reader, 'groupCount', 'NONE')).toBe(0)
      const read = reader.frames.all.filter(({ event }) => event === 'pour').map(({ param }) => param)
      const round = Array.from({ length: count }, (__, n) => n)
      expect(read).toEqual(grouped ? Array.from({ length: rounds }, () => round).flat() : [])
      await reader.close()
      slow.reset()
    },
  )
})
