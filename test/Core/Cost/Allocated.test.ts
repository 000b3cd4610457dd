import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { compile } from '../../support/programs'

const run = promisify(execFile)

// So many bytes were made when this was written, and 5 % more. Other versions of Node make others.
const MOST = { plain: 4630, checked: 5900, group: 7970, heartbeat: 750 }

// Nothing is optimised, and nothing is collected meanwhile: then they are the same each time.
const FLAGS = ['--no-opt', '--min-semi-space-size=128', '--max-semi-space-size=128']

test.runIf(process.versions.node.startsWith('20.'))(
  'a message makes no more bytes of heap than it did, the client of the test included',
  async () => {
    const { file, remove } = await compile('test/Core/Cost/allocated.ts')
    try {
      const { stdout } = await run(process.execPath, [...FLAGS, file])
      const bytes: Record<string, number> = JSON.parse(stdout)
      const over = Object.entries(MOST).filter(([name, most]) => !((bytes[name] ?? Number.NaN) <= most))
      expect(over.map(([name, most]) => `${name}: ${bytes[name]} bytes, at most ${most}`)).toEqual([])
      // What waits for Redis makes much more: all of it is counted.
      expect(bytes.slow).toBeGreaterThan(3 * MOST.plain)
    } finally {
      remove()
    }
  },
  240_000,
)
