import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { buildFixtures } from '../support/programs'
import { machine } from './machine'
import { HELP, readOptions } from './options'
import { page } from './report/page'
import { describe, summary } from './report/terminal'
import type { Row } from './row'
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
    for await (const row of ROWS[name]?.(options) ?? []) {
      rows.push(row)
      console.log(describe(row))
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

// A Redis of the tests keeps no process alive, and at times nothing else is left to wait for but its end.
const alive = setInterval(() => {}, 60_000)
main()
  .finally(() => clearInterval(alive))
  .catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
