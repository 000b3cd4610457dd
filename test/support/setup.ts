import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { buildFixtures, ensureBrowser, ensureDatabases, ensureNetwork, ensureRedisServer } from './programs'

const FIXTURES = 'test/fixtures'

/** A variable of the environment: that it has been done. */
const DONE = 'MSWOOLE_TESTS_SET_UP'

/**
 * Once before all tests: the programs that they need, and the projects that they run.
 * @returns what says, when all has ended, which tests were skipped
 * @throws Error in CI, where none may be skipped
 */
export default async function setup(): Promise<(() => void) | undefined> {
  // Every project of the configuration asks for it.
  if (process.env[DONE]) return undefined
  process.env[DONE] = '1'
  const provided = [
    await ensureRedisServer(),
    await ensureNetwork(),
    await ensureBrowser(),
    ...(await ensureDatabases()),
  ]
  for (const { line } of provided) console.log(line)
  const lacking = provided.filter(({ lacks }) => lacks).map(({ line }) => `skipped: ${line}`)
  if (process.env.CI && lacking.length > 0) throw new Error(`In CI no test may be skipped.\n${lacking.join('\n')}`)
  const entries = existsSync(FIXTURES) ? readdirSync(FIXTURES, { withFileTypes: true }) : []
  const projects = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(FIXTURES, entry.name))
    .filter((folder) => existsSync(join(folder, 'tsconfig.json')))
  await buildFixtures(projects)
  if (projects.length > 0) console.log(`fixtures: built ${projects.join(', ')}`)
  return () => {
    for (const line of lacking) console.log(line)
  }
}
