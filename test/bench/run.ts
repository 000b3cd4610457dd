import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { buildFixtures } from '../support/programs'
import { familyTime, machineTime } from './cpu'
import { machine } from './machine'
import { HELP, readOptions } from './options'
import { page } from './report/page'
import { describe, summary } from './report/terminal'
import { type Row, told } from './row'
import { ROWS } from './rows/rows'

const FOLDER = resolve('Runtime/bench')

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options.help) return console.log(HELP)
  const began = performance.now()
  const on = machine()
  console.log(`${Object.values(on).join(', ')}; auth, filter and metrics on, no rate limit`)
  await buildFixtures(['test/fixtures/bench'])
  const rows: Row[] = []
  for (const name of options.rows) {
    try {
      let before = look()
      for await (const row of ROWS[name](options)) {
        const after = look()
        const fair = told(row, shareOfOthers(before, after))
        rows.push(fair)
        console.log(describe(fair))
        before = after
      }
    } catch (error) {
      console.error(`\nThe row ${name} failed; the others go on.`, error)
      process.exitCode = 1
    }
  }
  const targets = summary(rows)
  if (targets !== '') console.log(`\nTargets\n\n${targets}`)
  const seconds = Math.round((performance.now() - began) / 1000)
  mkdirSync(FOLDER, { recursive: true })
  const file = join(FOLDER, on.time.replaceAll(':', '-'))
  writeFileSync(`${file}.json`, JSON.stringify({ machine: on, options, seconds, rows }, undefined, 2))
  writeFileSync(`${file}.html`, page(on, rows, seconds))
  console.log(`\n${seconds} s. ${file}.json, ${file}.html`)
}

const look = () => ({ time: performance.now(), all: machineTime(), ours: familyTime(process.pid) })

/** What other programs had of all cores. */
function shareOfOthers(before: ReturnType<typeof look>, after: ReturnType<typeof look>): number {
  const theirs = after.all - before.all - (after.ours - before.ours)
  return theirs / 1000 / (after.time - before.time) / cpus().length
}

// A Redis of the tests keeps no process alive, and at times nothing else is left to wait for but its end.
const alive = setInterval(() => {}, 60_000)
main()
  .finally(() => clearInterval(alive))
  .catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
