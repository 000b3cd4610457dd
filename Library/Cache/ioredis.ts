import type * as Ioredis from 'ioredis'

/**
 * ioredis, loaded when it is first needed: it is a third of what a process loads and keeps, and every console command and every process
 * reads configuration files that import this package.
 */
export const ioredis = (): typeof Ioredis => require('ioredis')
