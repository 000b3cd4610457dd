import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

/** What the benchmark compares with has dependencies of its own, which the project never installs. */
const FOLDER = resolve('test/bench/peers')

/**
 * The program of a peer, with its dependencies installed.
 * @throws Error that says why it could not be
 */
export function peer(program: string): string {
  // npm writes it last
  if (!existsSync(resolve(FOLDER, 'node_modules/.package-lock.json'))) {
    console.log('npm ci --prefix test/bench/peers')
    try {
      execFileSync('npm', ['ci', '--loglevel', 'error', '--prefix', FOLDER], { stdio: ['ignore', 'ignore', 'inherit'] })
    } catch (error) {
      throw new Error(`npm ci --prefix test/bench/peers failed: ${error instanceof Error ? error.message : error}`)
    }
  }
  return resolve(FOLDER, program)
}
