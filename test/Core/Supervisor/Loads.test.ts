import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../support/eventually'
import { Server } from '../../support/server'

// What each process asks for from its start to its end, in a project that uses no package of its own.
const folder = mkdtempSync(join(tmpdir(), 'mswoole-requests-'))
beforeAll(async () => {
  const hook = resolve('test/support/requests.cjs')
  const server = await Server.start({
    fixture: 'ops',
    env: { NODE_OPTIONS: `--require ${hook}`, TEST_REQUESTS: folder, APP_WORKERS: '1' },
  })
  try {
    await eventually(() => expect(requestsOf('Worker watchdog')).toContain('./Watch'))
  } finally {
    await server.stop()
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** @param entry the file that a process or thread runs, in its folder */
const requestsOf = (entry: string) => readFileSync(join(folder, entry), 'utf8').split('\n')

/** The packages that take long to load, and keep memory. */
const HEAVY = ['commander', 'ioredis', 'kysely', 'libsql', 'pino', 'tsyringe', 'ws', 'zod']

test.each([
  ['Public console', ['commander', 'pino', 'ws']],
  ['Gateway main', ['ioredis', 'pino']],
  ['Worker main', ['ioredis', 'pino', 'tsyringe']],
  ['Worker watchdog', []],
])('of the packages that cost the most %s loads these and no others: %j', (entry, needed) => {
  const requests = requestsOf(entry)
  expect(HEAVY.filter((name) => requests.includes(name))).toEqual(needed)
})
