import type * as Kysely from 'kysely'

let loaded: typeof Kysely | undefined

/**
 * Kysely, loaded when it is first needed: it has over 250 files, and every console command and every process reads configuration files that
 * import this package.
 */
export function kysely(): typeof Kysely {
  loaded ??= load()
  return loaded
}

const load = (): typeof Kysely => require('kysely')
