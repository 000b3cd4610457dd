import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

// These mostly wait: for leases to run out, for a Redis that is away, for a gateway to drain, for a client to
// come back. Some make networks, at which Chromium drops what it is loading: so pages are not looked at beside these.
const PATIENT = ['test/Core/{Cluster,Outage,Restart}/**/*.test.ts', 'test/Public/*.test.ts']

// These put a server under load and look at how it holds: nothing else runs beside them.
const LOAD = ['test/Core/{Broker,Crew,Faults,Reload}/**/*.test.ts', 'test/App/Live/Crowd.test.ts']

const shared = {
  setupFiles: ['reflect-metadata'],
  testTimeout: 120_000,
  hookTimeout: 180_000,
}

export default defineConfig({
  // One copy of the framework: what App/ imports by name is the source that the tests import by path.
  resolve: { alias: { 'mswoole-ts/test': resolve('Core/Test/index.ts'), 'mswoole-ts': resolve('Core/index.ts') } },
  test: {
    globalSetup: ['test/support/setup.ts'],
    projects: [
      {
        extends: true,
        test: {
          ...shared,
          name: 'promises',
          include: ['test/**/*.test.ts'],
          exclude: ['test/fixtures/**', ...PATIENT, ...LOAD],
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { ...shared, name: 'patient', include: PATIENT, maxWorkers: 4, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: { ...shared, name: 'load', include: LOAD, fileParallelism: false, sequence: { groupOrder: 2 } },
      },
    ],
  },
})
