import { expect, test } from 'vitest'
import { Outbox } from '../../../Core/App/Outbox'
import { type Channel, GatewayRecords } from '../../../Core/Link/Codec'
import { RecordWriter } from '../../../Core/Link/Records'

const MIB = 1024 * 1024

/** A link that nobody reads. */
class Blocked implements Channel {
  readonly writer = new RecordWriter()
  get waiting(): number {
    return this.writer.size
  }
  wrote(): void {}
}

test('whoever is flooded is ended once, however often a handler goes on sending: the memory has a bound', () => {
  const channel = new Blocked()
  const outbox = new Outbox(new GatewayRecords(channel))
  const text = 'x'.repeat(MIB)
  for (let index = 0; index < 32; index++) outbox.send(1, { head: text, tail: '' })
  const full = channel.waiting
  expect(full).toBeLessThan(20 * MIB)
  for (let index = 0; index < 100_000; index++) outbox.send(1, { head: '', tail: 'x' })
  expect(channel.waiting).toBe(full)
})

test('while one is flooded there is room for the answers to others', () => {
  const channel = new Blocked()
  const outbox = new Outbox(new GatewayRecords(channel))
  for (let index = 0; index < 100; index++) outbox.send(1, { head: 'x'.repeat(MIB), tail: '' })
  const before = channel.waiting
  outbox.send(2, { head: 'an ', tail: 'answer' })
  expect(channel.waiting - before).toBeGreaterThan('an answer'.length)
})

test('many who are flooded do not go beyond the limit together', () => {
  const channel = new Blocked()
  const outbox = new Outbox(new GatewayRecords(channel))
  for (let round = 0; round < 100; round++)
    for (let fd = 1; fd <= 50; fd++) outbox.send(fd, { head: '', tail: 'x'.repeat(MIB / 4) })
  expect(channel.waiting).toBeLessThan(65 * MIB)
})
