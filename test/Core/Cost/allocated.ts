import { startApp } from '../../../Core/Test'
import { Costs, MESSAGES_OF, turns } from './Costs'

const ROUNDS = 50
const AT_ONCE = 20
const MESSAGES = ROUNDS * AT_ONCE

/**
 * A process that says how many bytes of heap each message makes, the test's own client included. Where nothing is optimised and the
 * young generation is so large that nothing is collected meanwhile, these are always the same.
 */
async function main(): Promise<void> {
  const config = { ack: false, limits: { rate: 0 }, setting: { max_in_flight: MESSAGES } }
  const app = await startApp({ modules: { Cost: { Costs } }, config })
  const user = await app.client()
  user.send({ method: 'cost.costs.join' })
  await user.none(() => false)
  const send = async (message: string) => {
    for (let round = 0; round < ROUNDS; round++) {
      for (let index = 0; index < AT_ONCE; index++) user.send(message)
      await turns(5)
    }
    await user.none(({ status }) => status >= 400)
  }
  const bytesOf = async (message: string) => {
    await send(message) // what is made but once
    const before = process.memoryUsage().heapUsed
    await send(message)
    return (process.memoryUsage().heapUsed - before) / MESSAGES
  }
  const bytes: Record<string, number> = {}
  for (const [name, message] of Object.entries(MESSAGES_OF)) bytes[name] = await bytesOf(message)
  await app.stop()
  process.stdout.write(JSON.stringify(bytes))
}

main()
