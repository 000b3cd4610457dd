import { afterEach, describe, expect, it } from 'vitest'
import type { Outgoing, ToGateway, ToWorker, Turns } from '../../../Core/Link/Contract'
import { eventually } from '../../support/eventually'
import { Inbox } from '../../support/inbox'
import { gatewayThat, workerThat } from './ends'

/** A link with both its ends, as the suite holds it. */
export interface Linked {
  readonly toWorker: Outgoing<ToWorker>
  readonly toGateway: Outgoing<ToGateway>
  close(): void
}

export type MakeLink = (worker: ToWorker, gateway: ToGateway & Turns) => Promise<Linked>

interface Heard {
  readonly name: string
  readonly said: unknown[]
}

/** What every implementation of the link promises. */
export function linkSuite(name: string, makeLink: MakeLink): void {
  describe(`a link: ${name}`, () => {
    const open: Linked[] = []
    afterEach(() => {
      for (const link of open.splice(0)) link.close()
    })

    /** @param tell told synchronously, before the record counts as heard */
    async function make({ turns, tell }: { turns?: Partial<Turns>; tell?: (heard: Heard) => void } = {}) {
      const worker = new Inbox<Heard>('record at the worker')
      const gateway = new Inbox<Heard>('record at the gateway')
      const into =
        (inbox: Inbox<Heard>) =>
        (name: string, ...said: unknown[]) => {
          tell?.({ name, said })
          inbox.add({ name, said })
        }
      const link = await makeLink(workerThat(into(worker)), gatewayThat(into(gateway), turns))
      open.push(link)
      return { ...link, link, worker, gateway }
    }

    const is = (name: string) => (heard: Heard) => heard.name === name
    const calls = (inbox: Inbox<Heard>) => inbox.all.map(({ name, said }) => [name, ...said])

    it('carries everything that the gateway says, in order', async () => {
      const { toWorker, worker } = await make()
      const attachment = { port: 'main', ip: '::1', auth: '{"id":1}', session: '[["a","1"]]' }
      toWorker.attach(1, attachment)
      toWorker.message(1, Buffer.from('{"say":"一"}'))
      toWorker.attach(2 ** 52 + 1, { ...attachment, auth: '', session: '' })
      toWorker.message(2 ** 52 + 1, '')
      toWorker.answer(3, '', 'true')
      toWorker.answer(4, 'store away', '')
      toWorker.close(1, 1006, [])
      toWorker.close(2, 4403, ['Live.User', 'Live.Wall'])
      toWorker.answer(5, '', '0')
      await worker.next(({ said }) => said[0] === 5)
      expect(calls(worker)).toEqual([
        ['attach', 1, attachment],
        ['message', 1, '{"say":"一"}'],
        ['attach', 2 ** 52 + 1, { ...attachment, auth: '', session: '' }],
        ['message', 2 ** 52 + 1, ''],
        ['answer', 3, '', 'true'],
        ['answer', 4, 'store away', ''],
        ['close', 1, 1006, []],
        ['close', 2, 4403, ['Live.User', 'Live.Wall']],
        ['answer', 5, '', '0'],
      ])
    })

    it('carries everything that the worker says, in order; a done rides on the send before it', async () => {
      const { toGateway, gateway } = await make()
      toGateway.send(1, '确认', false)
      toGateway.send(1, Buffer.from('答'), false, '案')
      toGateway.done(1)
      toGateway.publish('group', 'LIVE_USER_ROOM_A', [1, 2 ** 33], 2, '{', '}')
      toGateway.publish('all', '', [], 0, '')
      toGateway.done(1)
      toGateway.session(1, 'slot', '')
      toGateway.ask(7, 'kick', 0, '{"target":1}')
      toGateway.told(1, 'Live.User')
      toGateway.end(1, 4400, 'not a JSON object')
      toGateway.closed(1)
      await gateway.next(is('closed'))
      expect(calls(gateway)).toEqual([
        ['send', 1, '确认', false],
        ['send', 1, '答案', true],
        ['publish', 'group', 'LIVE_USER_ROOM_A', [1, 2 ** 33], 2, '{}'],
        ['publish', 'all', '', [], 0, ''],
        ['done', 1],
        ['session', 1, 'slot', ''],
        ['ask', 7, 'kick', 0, '{"target":1}'],
        ['told', 1, 'Live.User'],
        ['end', 1, 4400, 'not a JSON object'],
        ['closed', 1],
      ])
    })

    it('loses no done that comes a turn after its send', async () => {
      const { toGateway, gateway } = await make()
      toGateway.send(1, 'answer', false)
      await gateway.next(is('send'))
      toGateway.done(1)
      toGateway.send(1, 'next', false)
      await gateway.next(({ said }) => said[1] === 'next')
      expect(calls(gateway)).toEqual([
        ['send', 1, 'answer', false],
        ['done', 1],
        ['send', 1, 'next', false],
      ])
    })

    it("delivers nothing inside the sender's stack, in a handler neither", async () => {
      let stack = ''
      const inside: string[] = []
      const asked = await make({
        tell: ({ name }) => {
          if (stack !== '') inside.push(`${name} inside ${stack}`)
          const before = stack
          stack = name
          if (name === 'message') asked.toGateway.ask(1, 'kick', 0, '{}')
          if (name === 'ask') asked.toWorker.close(1, 4403, ['Live.User'])
          if (name === 'close') asked.toGateway.closed(1)
          stack = before
        },
      })
      stack = 'the test'
      asked.toWorker.message(1, 'kick yourself')
      stack = ''
      await asked.gateway.next(is('closed'))
      expect(inside).toEqual([])
    })

    it('copies what it is given before the call returns', async () => {
      const { toWorker, toGateway, worker, gateway } = await make()
      const bytes = Buffer.from('as it was')
      toWorker.message(1, bytes)
      toGateway.send(1, bytes, true)
      bytes.fill('x')
      expect((await worker.next(is('message'))).said[1]).toBe('as it was')
      expect((await gateway.next(is('send'))).said[1]).toBe('as it was')
    })

    it('keeps the rest for the next turns when a turn of the gateway is spent, and the order with what comes later', async () => {
      let inTurn = 0
      const turns: number[] = []
      const { toGateway, gateway } = await make({
        turns: {
          beginTurn: () => {
            inTurn = 0
          },
          spent: () => ++inTurn >= 3,
          endTurn: () => {
            if (inTurn > 0) turns.push(inTurn)
            inTurn = 0
          },
        },
        tell: ({ said }) => {
          if (said[0] === 4) for (let fd = 51; fd <= 60; fd++) toGateway.closed(fd)
        },
      })
      for (let fd = 1; fd <= 50; fd++) toGateway.closed(fd)
      await gateway.next(({ said }) => said[0] === 60)
      expect(gateway.all.map(({ said }) => said[0])).toEqual(Array.from({ length: 60 }, (_, n) => n + 1))
      expect(Math.max(...turns)).toBe(3)
      expect(turns.length).toBeGreaterThanOrEqual(20)
    })

    it('lets timers and sockets have their turn in the middle of a flood to the worker', async () => {
      let heard = 0
      const { toWorker, worker } = await make({ tell: () => heard++ })
      for (let n = 1; n <= 5000; n++) toWorker.message(n, 'a message')
      while (heard === 0) await new Promise((resolve) => setImmediate(resolve))
      expect(heard).toBeLessThan(5000)
      await worker.next(({ said }) => said[0] === 5000)
      expect(worker.all.map(({ said }) => said[0])).toEqual(Array.from({ length: 5000 }, (_, n) => n + 1))
    })

    it('brings an answer before slow handlers of what came behind have had their turn', async () => {
      const answered: number[] = []
      const { toWorker, toGateway, gateway } = await make({
        tell: ({ name, said: [fd] }) => {
          if (name !== 'message') return
          for (const began = performance.now(); performance.now() - began < 2; );
          answered.push(gateway.all.length)
          toGateway.send(Number(fd), 'answer', true)
        },
      })
      for (let fd = 1; fd <= 10; fd++) toWorker.message(fd, 'compute')
      await gateway.next(({ said }) => said[0] === 10)
      expect(answered.at(-1)).toBeGreaterThanOrEqual(5)
    })

    it('carries what is longer than any buffer of its own, with its neighbours', async () => {
      const { toGateway, gateway } = await make()
      const long = '长'.repeat(1_000_000)
      for (const text of ['before', long, 'after']) toGateway.send(1, text, true)
      await gateway.next(({ said }) => said[1] === 'after')
      expect(gateway.all.map(({ said }) => String(said[1]).length)).toEqual([6, 1_000_000, 5])
      expect(gateway.all[1]?.said[1]).toBe(long)
    })

    it('says how much is waiting, and that nothing is when all has been handled', async () => {
      const { link, worker, gateway } = await make()
      link.toWorker.message(1, 'x'.repeat(1000))
      link.toGateway.send(1, 'x'.repeat(1000), true)
      expect(link.toWorker.waiting).toBeGreaterThanOrEqual(1000)
      expect(link.toGateway.waiting).toBeGreaterThanOrEqual(1000)
      await Promise.all([worker.next(is('message')), gateway.next(is('send'))])
      await eventually(() => expect([link.toWorker.waiting, link.toGateway.waiting]).toEqual([0, 0]))
    })
  })
}
