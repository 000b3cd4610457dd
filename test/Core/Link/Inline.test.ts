import { expect, it } from 'vitest'
import { InlineLink } from '../../../Core/Link/Inline'
import { gatewayThat, workerThat } from './ends'
import { linkSuite } from './suite'

linkSuite('inline', async (worker, gateway) => {
  const link = new InlineLink()
  link.serve(worker, gateway)
  return { toWorker: link.toWorker, toGateway: link.toGateway, close: () => {} }
})

it('what the worker answers at once reaches the gateway in the same turn of the loop', async () => {
  const heard: string[] = []
  const link = new InlineLink()
  link.serve(
    workerThat((_name, fd) => {
      link.toGateway.send(Number(fd), 'answer', false)
      link.toGateway.done(Number(fd))
    }),
    gatewayThat((name, _fd, text, last) => heard.push(`${name} ${text} ${last}`), { endTurn: () => heard.push('end') }),
  )
  link.toWorker.message(1, 'question')
  expect(heard).toEqual([])
  await new Promise((resolve) => setImmediate(resolve))
  expect(heard).toEqual(['send answer true', 'end'])
})
