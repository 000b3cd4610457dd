import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { buildFixtures, ensureBrowser, ensureNetwork, ensureRedisServer } from './programs'

const FIXTURES = 'test/fixtures'

/** Once before all tests: the programs that they need, and the projects that they run. */
export default async function setup(): Promise<void> {
  console.log(await ensureRedisServer())
  console.log(await ensureNetwork())
  console.log(await ensureBrowser())
  const entries = existsSync(FIXTURES) ? readdirSync(FIXTURES, { withFileTypes: true }) : []
  const projects = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(FIXTURES, entry.name))
    .filter((folder) => existsSync(join(folder, 'tsconfig.json')))
  await buildFixtures(projects)
  if (projects.length > 0) console.log(`fixtures: built ${projects.join(', ')}`)
}
