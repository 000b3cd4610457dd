import { Redis } from 'ioredis'
import { beforeEach, expect, test, vi } from 'vitest'
import { action } from '../../../Core/App/Action'
import type { App } from '../../../Core/App/App'
import { FDS_AN_INSTANCE } from '../../../Core/Record/Keys'
import { Watch } from '../../../Core/Worker/Watch'
import { type Served, Worker } from '../../../Core/Worker/Worker'
import { checkApp } from '../../../Library/Config/Config'
import { gatewayThat } from '../Link/ends'

/** A connection of each of two gateways, and one of a gateway on another machine. */
const [FIRST, SECOND, FOREIGN] = [FDS_AN_INSTANCE + 1, 2 * FDS_AN_INSTANCE + 1, 9 * FDS_AN_INSTANCE + 1]

/** What each gateway was told, but for acknowledgements. */
let said: Record<'one' | 'two', unknown[][]>
let worker: Worker
let one: Served
let two: Served
/** Lets the call that holds go on. */
let release: () => void
let aborted: boolean
/** What has happened in user code. */
let events: string[]

class Talk {
  @action()
  say(app: App, data: { fd: number; to?: unknown[] }) {
    for (const target of data.to ?? []) app.sendMessage(`${target}`, 200, 'said', '')
  }

  @action()
  async join(app: App, data: { fd: number; whom?: unknown }) {
    await app.fdJoin(Number(data.whom), 'group')
  }

  @action()
  async hold(app: App, data: { fd: number }) {
    app.signal.addEventListener('abort', () => {
      aborted = true
    })
    await new Promise<void>((resolve) => {
      release = resolve
    })
    app.sendSuccessMessage(data.fd, 'held', '')
    events.push('held')
  }

  @action()
  async turn(app: App, data: { fd: number }) {
    await settled()
    app.sendSuccessMessage(data.fd, 'turned', '')
  }

  onClose() {
    events.push('onClose')
  }
}

beforeEach(() => begin())

/** @param controller_timeout in seconds */
function begin(controller_timeout = 30): void {
  said = { one: [], two: [] }
  events = []
  aborted = false
  const config = checkApp({ ack: false, setting: { controller_timeout } }, {})
  const source = { file: '', module: 'Own', name: 'Talk', exported: Talk }
  worker = new Worker(config, new Redis({ lazyConnect: true }), [source], new Watch())
  const gateway = (name: 'one' | 'two') => ({ ...gatewayThat((...what) => said[name].push(what)), waiting: 0 })
  one = worker.serve(1, gateway('one'))
  two = worker.serve(2, gateway('two'))
}

const attachment = { port: 'main', ip: '', auth: '', session: '' }

/** Lets a connection call a method of `Talk`, over the link of its gateway. */
function call({ toWorker }: Served, fd: number, method: string, data: object = {}): void {
  toWorker.attach(fd, attachment)
  more({ toWorker }, fd, method, data)
}

const more = ({ toWorker }: Pick<Served, 'toWorker'>, fd: number, method: string, data: object = {}) =>
  toWorker.message(fd, JSON.stringify({ ...data, method: `own.talk.${method}` }))

const settled = () => new Promise((resolve) => setImmediate(resolve))
const targets = (records: unknown[][]) =>
  records.flatMap(([what, ...rest]) => (what === 'send' ? rest[0] : what === 'publish' ? rest[1] : []))

test('what is for a connection goes to its gateway; all else by the gateway of the caller, in order', () => {
  call(one, FIRST, 'say', { to: [FOREIGN, SECOND, 'group', FIRST] })
  expect(targets(said.one)).toEqual([FOREIGN, 'group', FIRST])
  expect(targets(said.two)).toEqual([SECOND])
  call(two, SECOND, 'say', { to: [FOREIGN, 'group', FIRST] })
  expect(targets(said.two)).toEqual([SECOND, FOREIGN, 'group'])
  expect(said.one.at(-1)?.slice(0, 2)).toEqual(['send', FIRST])
  expect(said.two.at(-1)).toEqual(['done', SECOND])
})

test('a question goes to the gateway of the connection it is about, and the answer comes from there', async () => {
  call(one, FIRST, 'join', { whom: SECOND })
  expect(said.two).toEqual([['ask', 1, 'join', SECOND, 'group']])
  one.toWorker.answer(1, '', 'true') // nobody asked this one
  await settled()
  expect(said.one).toEqual([])
  two.toWorker.answer(1, '', 'true')
  await settled()
  expect(said.one).toEqual([['done', FIRST]])
})

test('what a gateway had not answered when it died is answered 503 to the caller', async () => {
  call(one, FIRST, 'join', { whom: SECOND })
  two.lost()
  await settled()
  expect(said.one[0]).toEqual(['send', FIRST, expect.stringContaining('"status":503'), false])
  expect(said.one[1]).toEqual(['done', FIRST])
})

test('what is for a dead gateway goes by the one of the caller, or by one that lives', async () => {
  two.lost()
  call(one, FIRST, 'say', { to: [SECOND] })
  expect(targets(said.one)).toEqual([SECOND])
  call(one, FIRST, 'hold')
  two = worker.serve(3, { ...gatewayThat((...what) => said.two.push(what)), waiting: 0 })
  one.lost()
  call(two, 3 * FDS_AN_INSTANCE + 1, 'say', { to: [FIRST] })
  expect(targets(said.two)).toEqual([FIRST])
})

test('without any gateway nothing is sent, and who asks gets no answer but a failure', async () => {
  call(one, FIRST, 'hold')
  one.lost()
  two.lost()
  release()
  await settled()
  const third = worker.serve(3, { ...gatewayThat(() => {}), waiting: 0 })
  third.lost()
  call(third, FIRST, 'say', { to: [FOREIGN, 'group'] })
  call(third, FIRST, 'join', { whom: FOREIGN })
  await settled()
  expect(targets([...said.one, ...said.two])).toEqual([FIRST])
})

test('a call whose gateway dies is told, goes on to its end, and is forgotten; what waited behind it never runs', async () => {
  call(one, FIRST, 'hold')
  more(one, FIRST, 'say', { to: [SECOND] })
  one.lost()
  expect(aborted).toBe(true)
  release()
  await settled()
  expect(events).toEqual(['held'])
  expect(said.two).toEqual([])
})

test('the close of a reaped connection comes after the call of it that still runs, and is confirmed to the reaper', async () => {
  call(one, FIRST, 'hold')
  one.lost()
  two.toWorker.attach(FIRST, attachment)
  two.toWorker.close(FIRST, 1006, ['Own.Talk'])
  await settled()
  expect(events).toEqual([])
  release()
  await settled()
  await settled()
  expect(events).toEqual(['held', 'onClose'])
  expect(said.two).toEqual([
    ['told', FIRST, 'Own.Talk'],
    ['closed', FIRST],
  ])
})

test('also when the end of the dead gateway is seen only after the reaper has spoken', async () => {
  call(one, FIRST, 'hold')
  two.toWorker.attach(FIRST, attachment)
  more(one, FIRST, 'say', { to: [SECOND] }) // it had been on its way
  two.toWorker.close(FIRST, 1006, ['Own.Talk'])
  one.lost()
  release()
  await settled()
  await settled()
  expect(events).toEqual(['held', 'onClose'])
  expect(said.two.at(-1)).toEqual(['closed', FIRST])
})

test('a close that was under way when its gateway died is confirmed to the reaper, which repeats it', async () => {
  one.toWorker.attach(FIRST, attachment)
  one.toWorker.close(FIRST, 1000, ['Own.Talk'])
  two.toWorker.attach(FIRST, attachment)
  one.lost()
  await settled()
  two.toWorker.close(FIRST, 1006, ['Own.Talk'])
  await settled()
  await settled()
  expect(events).toEqual(['onClose', 'onClose'])
  expect(said.two.at(-1)).toEqual(['closed', FIRST])
})

test('an action whose time runs out while the worker stands still, and that is done when it goes on, is not answered 504', async () => {
  begin(1)
  call(one, FIRST, 'turn')
  const end = performance.now() + 1500
  while (performance.now() < end); // user code computes, or the machine stands still
  await vi.waitFor(() => expect(said.one.length).toBeGreaterThan(0))
  expect(said.one).toEqual([
    ['send', FIRST, expect.stringContaining('turned'), false],
    ['done', FIRST],
  ])
})
