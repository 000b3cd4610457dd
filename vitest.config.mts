import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

// These put a server under load and look at how it holds: nothing else runs beside them.
const LOAD = ['test/Core/{Broker,Cluster,Crew,Faults,Outage,Reload,Restart}/**/*.test.ts']

const shared = {
  setupFiles: ['reflect-metadata'],
  testTimeout: 30_000,
  hookTimeout: 60_000,
}

export default defineConfig({
  // One copy of the framework: what App/ imports by name is the source that the tests import by path.
  resolve: { alias: { 'mswoole-ts': resolve('Core/index.ts') } },
  test: {
    globalSetup: ['test/support/setup.ts'],
    projects: [
      {
        extends: true,
        test: {
          ...shared,
          name: 'promises',
          include: ['test/**/*.test.ts'],
          exclude: LOAD,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { ...shared, name: 'load', include: LOAD, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
  },
})
