import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { engineVersion } from '../../Core/Gateway/Engine'
import { measureCalls } from './calls'
import { measureFanOut } from './fanout/measure'
import { HELP, readOptions } from './options'
import { measureRestarts } from './restart'

async function main(): Promise<void> {
  const options = readOptions()
  if (options.help) return console.log(HELP)
  const { mode, pipeline } = options
  const machine = `${cpus()[0]?.model}, Node ${process.version}, uWebSockets.js ${engineVersion}`
  console.log(`${machine}; auth on, filter on, no rate limit`)
  if (options.calls) console.log(`\nCall: ${mode} mode, ${pipeline} calls in flight a connection`)
  const rows = options.calls ? await measureCalls(options) : []
  if (options.fanOut) console.log(`\nFan-out: one sender, messages at once: ${options.burst}`)
  const fanOut = options.fanOut ? await measureFanOut(options) : []
  if (options.restarts) console.log(`\nRestart: ${options.rate} handshakes a second`)
  const restarts = options.restarts ? await measureRestarts(options) : []
  if (options.json) {
    writeFileSync(options.json, JSON.stringify({ machine, mode, pipeline, rows, fanOut, restarts }, undefined, 2))
  }
}

// A Redis of the tests keeps no process alive, and at times nothing else is left to wait for but its end.
const alive = setInterval(() => {}, 60_000)
main()
  .finally(() => clearInterval(alive))
  .catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
