import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DATABASES } from '../../support/databases'
import { modelSuite } from './suite'

modelSuite('SQLite in a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mswoole-sqlite-'))
  const stop = async () => rmSync(folder, { recursive: true, force: true })
  return { url: `sqlite:${join(folder, 'data.sqlite')}`, stop }
})

modelSuite('SQLite in memory', async () => ({ url: ':memory:', stop: async () => {} }))

for (const { name, start } of DATABASES) modelSuite(name, start)
