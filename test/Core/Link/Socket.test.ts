import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { ToGateway, Turns } from '../../../Core/Link/Contract'
import { LINK_VERSION } from '../../../Core/Link/Greeting'
import { RecordWriter } from '../../../Core/Link/Records'
import { type Host, type Joined, joinGateway, LinkServer } from '../../../Core/Link/Socket'
import { Inbox } from '../../support/inbox'
import { gatewayThat } from './ends'
import { linkSuite } from './suite'

const SECRET = 'the secret of this start'
const folder = mkdtempSync(join(tmpdir(), 'mswoole-link-'))
const servers: LinkServer[] = []
afterAll(() => {
  for (const server of servers) server.close()
  rmSync(folder, { recursive: true, force: true })
})

async function listen(gateway: ToGateway & Turns) {
  const joined = new Inbox<Joined>('worker that joined')
  const lost = new Inbox<string>('worker that was lost')
  const refused = new Inbox<string>('refusal')
  const host: Host = {
    instance: 3,
    joined: (worker) => {
      joined.add(worker)
      return gateway
    },
    lost: (id, failure) => lost.add(`${id} ${failure?.message ?? 'ended'}`),
    refused: (reason) => refused.add(reason),
  }
  const server = new LinkServer(SECRET, host)
  servers.push(server)
  const path = join(folder, `${servers.length}.sock`)
  await server.listen(path)
  return { path, joined, lost, refused }
}

const any = () => true

linkSuite('two unix sockets', async (worker, gateway) => {
  const { path, joined } = await listen(gateway)
  const link = await joinGateway(path, { secret: SECRET, worker: 1 })
  link.serve(worker)
  const { toWorker } = await joined.next(any)
  return { toWorker, toGateway: link.toGateway, close: () => link.close() }
})

describe('a gateway', () => {
  it('loses a worker only after everything that it had sent, half a loop turn before its end', async () => {
    const heard = new Inbox<string>('record')
    const { path, lost } = await listen(gatewayThat((name, fd) => heard.add(`${name} ${fd}`)))
    const link = await joinGateway(path, { secret: SECRET, worker: 5 })
    const told = lost.next(any).then((text) => ({ text, before: heard.all.length }))
    for (let fd = 1; fd <= 3000; fd++) link.toGateway.closed(fd)
    link.close()
    expect(await told).toEqual({ text: '5 ended', before: 3000 })
  })

  it('does not take a worker that does not know the secret', async () => {
    const { path, joined, refused } = await listen(gatewayThat(() => {}))
    for (const secret of ['', 'the secret of this stars', `${SECRET} `]) {
      await expect(joinGateway(path, { secret, worker: 1 })).rejects.toThrow('did not take the worker')
    }
    expect(await refused.next(any)).toBe('the secret is wrong')
    expect(joined.all).toEqual([])
  })

  it.each([
    [
      'another version of the link',
      (w: RecordWriter) =>
        w
          .begin(64, LINK_VERSION + 1)
          .text(SECRET)
          .end('up'),
      'use restart',
    ],
    ['no greeting', (w: RecordWriter) => w.begin(20, 1).end(), 'no greeting'],
    ['a greeting cut short', (w: RecordWriter) => w.begin(64, LINK_VERSION).text(SECRET).end('up'), 'ends before'],
    ['no way', (w: RecordWriter) => w.begin(64, LINK_VERSION).text(SECRET).number(1).number(1).end('x'), 'no way x'],
  ])('refuses %s, says why, and goes on', async (_name, write, reason) => {
    const { path, joined, refused } = await listen(gatewayThat(() => {}))
    const writer = new RecordWriter()
    write(writer)
    const socket = connect(path)
    socket.write(writer.take())
    expect(await refused.next(any)).toContain(reason)
    await once(socket.resume(), 'close')
    const link = await joinGateway(path, { secret: SECRET, worker: 2 })
    expect((await joined.next(any)).id).toBe(2)
    link.close()
  })

  it('refuses bytes that are no record', async () => {
    const { path, refused } = await listen(gatewayThat(() => {}))
    const socket = connect(path)
    socket.write('GET / HTTP/1.1\r\n\r\n')
    expect(await refused.next(any)).toContain('a record of')
    await once(socket.resume(), 'close')
  })

  it('drops a worker that sends what is no record, after what it had sent before', async () => {
    const heard: string[] = []
    const { path, joined, lost } = await listen(gatewayThat((name, fd) => heard.push(`${name} ${fd}`)))
    const greet = (way: string) => {
      const writer = new RecordWriter()
      writer.begin(64, LINK_VERSION).text(SECRET).number(3).number(1).end(way)
      const socket = connect(path)
      socket.write(writer.take())
      return socket
    }
    const [up, down] = [greet('up'), greet('down')]
    await joined.next(any)
    const writer = new RecordWriter()
    writer.begin(20, 7).end()
    up.write(Buffer.concat([writer.take(), Buffer.alloc(13)]))
    expect(await lost.next(any)).toBe('3 a record of 0 bytes')
    expect(heard).toEqual(['done 7'])
    await Promise.all([once(up.resume(), 'close'), once(down.resume(), 'close')])
  })
})
